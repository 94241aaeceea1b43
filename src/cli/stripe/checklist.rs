//! `keepopen stripe checklist`: checks what a change from test mode to live mode needs, and lists what only people can
//! check.

use super::Opened;
use crate::actions::read_active_appeals;
use crate::appeals::{Phase, phases};
use crate::cli::{CommandError, appeals, say};
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

/// One line of the checklist: the result of a check, and a sentence about it.
struct Point(Mark, String);

pub async fn checklist(opened: &Opened<'_>) -> Result<(), CommandError> {
    let Opened { settings, store, stripe, .. } = opened;
    let report = inspect_stripe(store, stripe, settings, opened.clock.now_ms()).await?;
    let mut points = settings_points(settings);
    points.extend(account_points(stripe.account().await, settings));
    points.extend(connection_points(&report, settings));
    points.push(database_point(store.has_booked_events_of(Mode::Test).await?));
    points.push(appeals_point(&appeal_phases(opened).await?));
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

/// The points that only people can check. They always have the mark `to do`.
const TO_DO: &[&str] = &[
    "Check in the dashboard that the business details, the bank account and the name on statements are right.",
    "Turn on the payment methods that you want, in live mode too.",
    "Store a copy of the encryption key (keepopen.key) apart from the database's backup.",
    "Set up an alert for `keepopen_stripe_trouble` above 0 (docs/operating-metrics.md).",
    "Give the smallest amount yourself, check that you see the thank-you message, and refund the gift.",
];

/// A point that is either good, with the sentence `if_good`, or wrong, with the sentence `if_wrong`.
fn check_point(is_good: bool, if_good: impl Into<String>, if_wrong: impl Into<String>) -> Point {
    if is_good { Point(Mark::Good, if_good.into()) } else { Point(Mark::Wrong, if_wrong.into()) }
}

fn settings_points(settings: &Settings) -> Vec<Point> {
    let stripe = &settings.stripe;
    // The settings parser has already checked that the key belongs to the mode.
    let mode = check_point(
        stripe.mode == Mode::Live,
        "stripe.mode is \"live\", and so is the key.",
        "stripe.mode is \"test\", and so is the key: no real money moves. Set stripe.mode = \"live\", with a live key.",
    );
    let restricted = if stripe.secret_key.expose().starts_with("rk_") {
        Point(Mark::Good, "The key is a restricted key.".to_owned())
    } else {
        Point(Mark::ToDo, "The key has every permission; a restricted key (rk_…) is safer. `keepopen stripe connect` lists the permissions that it needs.".to_owned())
    };
    let url = &settings.server.public_url;
    let https = check_point(
        url.scheme() == "https",
        format!("Readers reach the service over https ({url})."),
        format!("server.public_url is {url}; readers and Stripe need https."),
    );
    let sites = check_point(
        !settings.sites.is_empty(),
        "At least one site is configured.",
        "No site is configured; add [sites.…] to the settings.",
    );
    vec![mode, restricted, https, sites]
}

fn account_points(account: Result<Account, CallError>, settings: &Settings) -> Vec<Point> {
    let account = match account {
        Ok(account) => account,
        Err(CallError::Refused { status: 403, .. }) => {
            let sentence = "The key has no permission to read the account (Accounts: read). Check in the dashboard that the account can take payments and receives payouts.";
            return vec![Point(Mark::ToDo, sentence.to_owned())];
        }
        Err(error) => {
            return vec![Point(Mark::Wrong, format!("The account can't be read: {error}."))];
        }
    };
    let mut points = vec![
        check_point(
            account.charges_enabled,
            "The account can take payments.",
            "The account can't take payments yet; complete it in the dashboard.",
        ),
        check_point(
            account.payouts_enabled,
            "The account receives payouts.",
            "The account does not receive payouts yet; add the bank account in the dashboard.",
        ),
    ];
    let account_currency = account.default_currency.unwrap_or_default().to_uppercase();
    for (id, site) in &settings.sites {
        let asked = site.currency.to_string();
        if asked == account_currency {
            points.push(Point(
                Mark::Good,
                format!("The site {id} asks in {asked}, and the account receives payouts in {asked}."),
            ));
        } else {
            points.push(Point(Mark::ToDo, format!("The site {id} asks in {asked}, and the account's currency is {account_currency}: Stripe converts each payout, for a fee, unless you add a bank account in {asked}.")));
        }
    }
    points
}

fn connection_points(report: &ConnectionReport, settings: &Settings) -> Vec<Point> {
    let mut points = Vec::new();
    match (&report.endpoint, &report.stripe_error) {
        (_, Some(error)) => {
            points.push(Point(Mark::Wrong, format!("The endpoint could not be read from Stripe: {error}.")));
        }
        (None, None) => points.push(Point(
            Mark::Wrong,
            "No endpoint in this mode delivers to this service; run `keepopen stripe connect`.".to_owned(),
        )),
        (Some(endpoint), None) => {
            points.push(check_point(
                endpoint.enabled && endpoint.mode == settings.stripe.mode,
                format!("{} is enabled in this mode.", endpoint.id),
                format!("{} is not enabled in this mode; run `keepopen stripe connect`.", endpoint.id),
            ));
            points.push(check_point(
                endpoint.url.starts_with("https://"),
                format!("The endpoint delivers over https ({}).", endpoint.url),
                format!(
                    "The endpoint delivers to {}, which is not https; run `keepopen stripe connect --url https://…`.",
                    endpoint.url
                ),
            ));
            let is_stored = report.stored_endpoints.iter().any(|row| row.id == endpoint.id);
            points.push(check_point(
                is_stored || !settings.stripe.webhook_secrets.is_empty(),
                "The endpoint's signing secret is in the database or in the settings.",
                "The endpoint's signing secret is neither in the database nor in the settings; run `keepopen stripe connect`.",
            ));
        }
    }
    points.push(check_point(
        report.contact.delivered_at_ms.is_some(),
        "Stripe has delivered at least one event.",
        "Stripe has not delivered any event yet; start the service, and make a payment.",
    ));
    let trouble_point = |sentence: &str| Point(Mark::Wrong, format!("{}.", capitalised(sentence)));
    points.extend(report.troubles.iter().map(|trouble| trouble_point(trouble.sentence())));
    points
}

fn database_point(has_test_events: bool) -> Point {
    check_point(
        !has_test_events,
        "The database contains no booked events of test mode.",
        "The database contains booked events of test mode; start live mode with a separate data folder or database.",
    )
}

fn appeals_point(phases: &[Phase]) -> Point {
    if phases.contains(&Phase::Scheduled) && !phases.contains(&Phase::Live) {
        return Point(
            Mark::ToDo,
            "No appeal is live yet. At least one is scheduled to start later.".to_owned(),
        );
    }
    check_point(
        phases.contains(&Phase::Live),
        "At least one appeal is live.",
        "No appeal is live, so no reader is asked.",
    )
}

async fn appeal_phases(opened: &Opened<'_>) -> Result<Vec<Phase>, CommandError> {
    let documents = match &opened.settings.appeals.file {
        Some(path) => appeals::read_documents(path)?.0,
        None => read_active_appeals(&opened.store).await?.0,
    };
    Ok(phases(&opened.settings.sites, &documents, opened.clock.now_ms()))
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
