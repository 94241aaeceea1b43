//! `keepopen stripe checklist`: checks everything that a change from test mode to live mode needs.

use keepopen_decision::Live;

use super::Opened;
use crate::actions::read_active_appeals;
use crate::cli::{Stopped, appeals, say};
use crate::config::Mode;
use crate::reports::{ConnectionReport, inspect_stripe};
use crate::sites::Settings;
use crate::stripe::{Account, CallError};

/// The result of a check.
enum Mark {
    Good,
    Wrong,
    /// A person must check the point, or decide about it.
    ToDo,
}

struct Point(Mark, String);

pub async fn checklist(opened: &Opened<'_>) -> Result<(), Stopped> {
    let Opened { settings, store, stripe, .. } = opened;
    let report = inspect_stripe(store, stripe, settings, opened.clock.now_ms()).await?;
    let mut points = of_settings(settings);
    points.extend(of_account(stripe.account().await, settings));
    points.extend(of_connection(&report, settings));
    points.push(of_database(store.has_booked_events_of(Mode::Test).await?));
    points.push(of_appeals(live_appeals(opened).await?));
    points.extend(TO_DO.iter().map(|sentence| Point(Mark::ToDo, (*sentence).to_owned())));
    for Point(mark, sentence) in &points {
        let mark = match mark {
            Mark::Good => "good ",
            Mark::Wrong => "WRONG",
            Mark::ToDo => "to do",
        };
        say(&format!("{mark}  {sentence}"))?;
    }
    match points.iter().filter(|Point(mark, _)| matches!(mark, Mark::Wrong)).count() {
        0 => Ok(()),
        1 => Err("1 check failed: not ready for real money".into()),
        wrong => Err(format!("{wrong} checks failed: not ready for real money").into()),
    }
}

/// The points that only people can check. They are always printed as to do.
const TO_DO: &[&str] = &[
    "The business details, the bank account and the name on statements are right in the dashboard.",
    "The payment methods that you want are turned on, in live mode too.",
    "A copy of the encryption key (keepopen.key) is stored apart from the database's backup.",
    "An alert reaches somebody when `keepopen_stripe_trouble` is above 0 (docs/operating-metrics.md).",
    "You gave the smallest amount yourself, saw the thanks, and refunded it.",
];

fn either(good: bool, yes: impl Into<String>, no: impl Into<String>) -> Point {
    if good { Point(Mark::Good, yes.into()) } else { Point(Mark::Wrong, no.into()) }
}

fn of_settings(settings: &Settings) -> Vec<Point> {
    let stripe = &settings.stripe;
    // The settings parser has already checked that the key belongs to the mode.
    let mode = either(
        stripe.mode == Mode::Live,
        "stripe.mode is \"live\", and so is the key.",
        "stripe.mode is \"test\", and so is the key: no real money moves. Set stripe.mode = \"live\", with a live key.",
    );
    let restricted = if stripe.secret_key.expose().starts_with("rk_") {
        Point(Mark::Good, "The key is a restricted one.".to_owned())
    } else {
        Point(Mark::ToDo, "The key has every permission; a restricted one (rk_…) is safer. `keepopen stripe connect` lists the permissions that it needs.".to_owned())
    };
    let url = &settings.server.public_url;
    let https = either(
        url.scheme() == "https",
        format!("Readers reach the service over https ({url})."),
        format!("server.public_url is {url}; readers and Stripe need https."),
    );
    let sites = either(
        !settings.sites.is_empty(),
        "At least one site is configured.",
        "No site is configured; add [sites.…] to the settings.",
    );
    vec![mode, restricted, https, sites]
}

fn of_account(account: Result<Account, CallError>, settings: &Settings) -> Vec<Point> {
    let account = match account {
        Ok(account) => account,
        Err(CallError::Refused { status: 403, .. }) => {
            let sentence = "The key may not read the account (Accounts: read). Check in the dashboard that the account can take payments and receives payouts.";
            return vec![Point(Mark::ToDo, sentence.to_owned())];
        }
        Err(error) => {
            return vec![Point(Mark::Wrong, format!("The account can't be read: {error}."))];
        }
    };
    let mut points = vec![
        either(
            account.charges_enabled,
            "The account can take payments.",
            "The account can't take payments yet; complete it in the dashboard.",
        ),
        either(
            account.payouts_enabled,
            "The account receives payouts.",
            "The account does not receive payouts yet; add the bank account in the dashboard.",
        ),
    ];
    let own = account.default_currency.unwrap_or_default().to_uppercase();
    for (id, site) in &settings.sites {
        let asked = site.currency.to_string();
        if asked == own {
            points.push(Point(
                Mark::Good,
                format!("{id} asks in {asked}, in which the account receives payouts."),
            ));
        } else {
            points.push(Point(Mark::ToDo, format!("{id} asks in {asked}, and the account's currency is {own}: Stripe converts, for a fee, unless there is a bank account in {asked}.")));
        }
    }
    points
}

fn of_connection(report: &ConnectionReport, settings: &Settings) -> Vec<Point> {
    let mut points = Vec::new();
    match (&report.endpoint, &report.not_asked) {
        (_, Some(error)) => {
            points.push(Point(Mark::Wrong, format!("Stripe could not be asked for our endpoint: {error}.")));
        }
        (None, None) => points.push(Point(
            Mark::Wrong,
            "No endpoint in this mode delivers to us; run `keepopen stripe connect`.".to_owned(),
        )),
        (Some(endpoint), None) => {
            points.push(either(
                endpoint.enabled && endpoint.mode == settings.stripe.mode,
                format!("{} is enabled in this mode.", endpoint.id),
                format!("{} is not enabled in this mode; run `keepopen stripe connect`.", endpoint.id),
            ));
            points.push(either(
                endpoint.url.starts_with("https://"),
                format!("It delivers over https ({}).", endpoint.url),
                format!(
                    "It delivers to {}, which is not https; run `keepopen stripe connect --url https://…`.",
                    endpoint.url
                ),
            ));
            let held = report.held.iter().any(|row| row.id == endpoint.id);
            points.push(either(
                held || !settings.stripe.webhook_secrets.is_empty(),
                "Its signing secret is stored here.",
                "Its signing secret is not stored here; run `keepopen stripe connect`.",
            ));
        }
    }
    points.push(either(
        report.contact.delivered_at_ms.is_some(),
        "Stripe has delivered something.",
        "Stripe has not delivered anything yet; start the service, and make a payment.",
    ));
    let said = |sentence: &str| Point(Mark::Wrong, format!("{}.", capitalised(sentence)));
    points.extend(report.troubles.iter().map(|trouble| said(trouble.sentence())));
    points
}

fn of_database(holds_test_gifts: bool) -> Point {
    either(
        !holds_test_gifts,
        "The database holds no gifts of test mode.",
        "The database holds events of test mode; start live mode with a data folder or a database of its own.",
    )
}

fn of_appeals(live: usize) -> Point {
    either(live > 0, "Some appeal is live.", "No appeal is live, so no reader is asked.")
}

async fn live_appeals(opened: &Opened<'_>) -> Result<usize, Stopped> {
    let documents = match &opened.settings.appeals.file {
        Some(path) => appeals::read_documents(path)?.0,
        None => read_active_appeals(&opened.store).await?.0,
    };
    Ok(documents.iter().filter(|draft| draft.rules.live == Live::Live).count())
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
