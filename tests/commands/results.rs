//! `keepopen results`: the table of results, its days, and the errors.

use keepopen::contributions::{Contribution, ContributionState, Entry, EntryKind, Frequency};
use keepopen::ids::ContributionId;
use keepopen::money::{Currency, Money};
use keepopen::store::counts::CountKey;
use keepopen::store::{Store, counts, ledger, planned_weights};

use super::{JOURNAL, Sandbox};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// A sandbox with the results of two appeals on the first two days of 1970: counts, planned weights, and a gift that
/// was partly refunded on the second day.
async fn sandbox_with_results(settings: &str) -> Sandbox {
    let sandbox = Sandbox::with_settings(settings).with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for (day, appeal, kind, count) in [
        (0, "help", "first_view", 7),
        (0, "help", "later_view", 4),
        (0, "help", "click", 3),
        (0, "help", "dismiss_close", 2),
        (0, "help", "dismiss_never", 1),
        (0, "help", "checkout", 2),
        (1, "help", "later_view", 5),
        (0, "other", "first_view", 1),
    ] {
        let key = CountKey {
            hour_at_ms: day * DAY_MS + 23 * HOUR_MS,
            site: "journal".to_owned(),
            appeal: appeal.to_owned(),
            variant: "a".to_owned(),
            surface: "banner".to_owned(),
            country: String::new(),
            kind: kind.to_owned(),
        };
        counts::add(&mut tx, &key, count).await.unwrap();
    }
    let currency = Currency::parse("EUR").unwrap();
    let gift = Contribution {
        id: ContributionId::from_bytes([1; 16]),
        site: "journal".to_owned(),
        supporter: None,
        frequency: Frequency::Once,
        money: Some(Money { amount_minor: 1_000, currency }),
        state: ContributionState::Paid,
        appeal: Some("help".to_owned()),
        variant: Some("a".to_owned()),
        started_at_ms: Some(0),
        last_retained_payment_at_ms: Some(0),
        paid_until_ms: None,
        ended_at_ms: None,
        reversed_payments: 0,
        session: None,
        subscription: None,
        subscriptions: Vec::new(),
        customer: None,
    };
    ledger::put_contribution(&mut tx, &gift, "[]").await.unwrap();
    let booked = [(EntryKind::Payment, 1_000, 0), (EntryKind::Fee, 40, 0), (EntryKind::Refund, 300, DAY_MS)];
    for (kind, amount_minor, occurred_at_ms) in booked {
        let entry = Entry {
            kind,
            object: "ch_1".to_owned(),
            contribution: gift.id.clone(),
            site: gift.site.clone(),
            money: Money { amount_minor, currency },
            occurred_at_ms,
        };
        ledger::book(&mut tx, &entry, occurred_at_ms).await.unwrap();
    }
    planned_weights::record(&mut tx, ("journal", "help"), 0, "[]", 9, 0).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    sandbox
}

/// The lines of a command's output. In each line, the columns are separated by one space.
fn normalized_lines(out: &str) -> Vec<String> {
    out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

const PERIOD: [&str; 4] = ["--from", "1970-01-01", "--to", "1970-01-02"];
const HEADER: &str = "day appeal variant readers views clicks dismissals checkouts gifts received net";

#[tokio::test(flavor = "multi_thread")]
async fn the_results_of_appeals_are_shown_in_total_and_by_day() {
    let sandbox = sandbox_with_results(JOURNAL).await;
    let all = sandbox.run_ok(&[&["results"], &PERIOD[..]].concat());
    let totals = [
        "journal, 1970-01-01 to 1970-01-02 (UTC)",
        HEADER,
        "all help a 7 16 3 3 2 1 10.00 EUR 6.60 EUR",
        "all other a 1 1 0 0 0 0 - -",
    ];
    let ignored = "help: 9 first views do not fit the split between the appeal's variants, so its weights are learned without these views.";
    assert_eq!(normalized_lines(&all), [&totals[..], &[ignored]].concat());
    let by_day = sandbox.run_ok(&[&["results", "--by-day"], &PERIOD[..]].concat());
    let days = [
        "1970-01-01 help a 7 11 3 3 2 1 10.00 EUR 9.60 EUR",
        "1970-01-01 other a 1 1 0 0 0 0 - -",
        "1970-01-02 help a 0 5 0 0 0 0 0.00 EUR -3.00 EUR",
    ];
    assert_eq!(normalized_lines(&by_day), [&totals[..], &days, &[ignored]].concat());
    let one_appeal =
        sandbox.run_ok(&[&["results", "--appeal", "other", "--site", "journal"], &PERIOD[..]].concat());
    assert_eq!(normalized_lines(&one_appeal)[1..3], [HEADER, "all other a 1 1 0 0 0 0 - -"]);
    let second_day = sandbox.run_ok(&["results", "--from", "1970-01-02", "--to", "1970-01-02"]);
    assert_eq!(normalized_lines(&second_day)[2], "all help a 0 5 0 0 0 0 0.00 EUR -3.00 EUR");
    // By default, the command shows the last thirty days, in which nothing happened.
    assert_eq!(normalized_lines(&sandbox.run_ok(&["results"]))[1..2], [HEADER]);
    assert!(!sandbox.run_ok(&["results"]).contains("all "));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_results_command_uses_days_in_the_time_zone_of_the_site() {
    let in_tokyo =
        JOURNAL.replace("currency = \"EUR\"\n[", "currency = \"EUR\"\ntime_zone = \"Asia/Tokyo\"\n[");
    let sandbox = sandbox_with_results(&in_tokyo).await;
    // 23:00 UTC is 08:00 of the next day in Tokyo.
    let first_day = sandbox.run_ok(&["results", "--from", "1970-01-01", "--to", "1970-01-01"]);
    assert_eq!(normalized_lines(&first_day)[0], "journal, 1970-01-01 to 1970-01-01 (Asia/Tokyo)");
    assert_eq!(normalized_lines(&first_day)[2], "all help a 0 0 0 0 0 1 10.00 EUR 9.60 EUR");
    let second_day = sandbox.run_ok(&["results", "--from", "1970-01-02", "--to", "1970-01-02"]);
    assert_eq!(normalized_lines(&second_day)[2], "all help a 7 11 3 3 2 0 0.00 EUR -3.00 EUR");
    let by_day = normalized_lines(&sandbox.run_ok(&[
        "results",
        "--by-day",
        "--from",
        "1970-01-02",
        "--to",
        "1970-01-02",
    ]));
    assert!(by_day.contains(&"1970-01-02 help a 7 11 3 3 2 0 0.00 EUR -3.00 EUR".to_owned()), "{by_day:?}");
}

#[test]
fn an_invalid_period_or_an_unknown_site_is_reported() {
    let sandbox = Sandbox::with_settings(JOURNAL).with_database();
    for (arguments, words) in [
        (&["--site", "jurnal"][..], "no such site"),
        (&["--from", "1970-01-02", "--to", "1970-01-01"], "`from` is after `to`"),
        (&["--from", "1970-01-01", "--to", "1971-02-05"], "at most 400 days"),
    ] {
        let sentence = sandbox.run_err(&[&["results"], arguments].concat());
        assert!(sentence.contains(words), "{sentence}");
    }
    let gazette = JOURNAL.replace("journal", "gazette");
    let two_sites = Sandbox::with_settings(&format!("{JOURNAL}{gazette}")).with_database();
    assert!(two_sites.run_err(&["results"]).contains("--site"));
}
