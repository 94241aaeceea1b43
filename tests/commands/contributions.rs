//! `keepopen contributions`: the list and the export.

use keepopen::contributions::{Contribution, ContributionState, Frequency, Payment, PaymentKind, Settled};
use keepopen::ids::ContributionId;
use keepopen::money::{Currency, Money};
use keepopen::store::{Store, ledger, payments};

use super::{JOURNAL, Sandbox};

/// A sandbox with a payment on each of the first three days of 1970. The last payment is to another site.
async fn sandbox_with_three_payments() -> Sandbox {
    let sandbox = Sandbox::with_settings(JOURNAL).with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let currency = Currency::parse("EUR").unwrap();
    let mut tx = store.begin().await.unwrap();
    for day in 0..3_u8 {
        let id = ContributionId::from_bytes([day; 16]);
        let site = if day == 2 { "gazette" } else { "journal" }.to_owned();
        let money = Money { amount_minor: 1_000, currency };
        let paid_at_ms = i64::from(day) * 86_400_000;
        let gift = Contribution {
            id: id.clone(),
            site: site.clone(),
            supporter: None,
            frequency: Frequency::Once,
            money: Some(money),
            state: ContributionState::Paid,
            appeal: Some("=1+1".to_owned()),
            variant: None,
            started_at_ms: Some(paid_at_ms),
            last_retained_payment_at_ms: Some(paid_at_ms),
            paid_until_ms: None,
            ended_at_ms: None,
            reversed_payments: 0,
            session: None,
            subscription: None,
            subscriptions: Vec::new(),
            customer: None,
        };
        ledger::put_contribution(&mut tx, &gift, "[]").await.unwrap();
        let payment = Payment {
            object: format!("pi_{day}"),
            kind: PaymentKind::Payment,
            settle_by_ms: None,
            contribution: id,
            site,
            money,
            presented: None,
            paid_at_ms,
            refunded_minor: 0,
            disputed_minor: 0,
            unsettled_minor: 0,
            discrepancy_minor: 0,
            settled: Some(Settled { currency, fee_minor: 40, net_minor: 960 }),
            charge: None,
            payout: None,
            payout_arrives_at_ms: None,
        };
        payments::put(&mut tx, &payment).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    sandbox
}

#[tokio::test]
async fn payments_of_the_requested_days_and_site_are_printed_as_csv() {
    let sandbox = sandbox_with_three_payments().await;
    let all = sandbox.run_ok(&["contributions", "export"]);
    assert!(all.starts_with("paid_at,site,contribution,payment,"), "{all}");
    assert!(all.contains("\r\n1970-01-01T00:00:00Z,journal,con_00000000000000000000000000,pi_0,,once,1,10.00,EUR,,,0.00,0.00,0.40,9.60,EUR,,,,'=1+1,,€10 once,payment\r\n"), "{all}");
    for (options, payment_count) in [
        (&[][..], 3),
        (&["--site", "journal"], 2),
        (&["--site", "nowhere"], 0),
        (&["--from", "1970-01-02"], 2),
        (&["--to", "1970-01-02"], 1),
        (&["--from", "1970-01-02", "--to", "1970-01-03T00:00:00Z"], 1),
    ] {
        let output = sandbox.run_ok(&[&["contributions", "export"], options].concat());
        assert_eq!(output.lines().count(), 1 + payment_count, "{options:?}: {output}");
    }
    let output = sandbox.run(&["contributions", "export", "--from", "yesterday"]);
    assert_eq!(output.status, Some(2), "{output:?}");
    let sentence = "write a day as in 2026-01-31 (from midnight UTC), or a time as in 2026-01-31T08:00:00Z";
    assert!(output.err.contains(sentence), "{output:?}");
}

/// A sandbox with four gifts: two active recurring ones in different currencies, one that ended, and a one-off.
async fn sandbox_with_four_gifts() -> Sandbox {
    let sandbox = Sandbox::with_settings(JOURNAL).with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let gift = |n: u8, frequency, code: &str, ended_at_ms| Contribution {
        id: ContributionId::from_bytes([n; 16]),
        site: "journal".to_owned(),
        supporter: None,
        frequency,
        money: Some(Money { amount_minor: 2_100, currency: Currency::parse(code).unwrap() }),
        state: ContributionState::Active,
        appeal: None,
        variant: None,
        started_at_ms: Some(0),
        last_retained_payment_at_ms: Some(0),
        paid_until_ms: Some(86_400_000),
        ended_at_ms,
        reversed_payments: 0,
        session: None,
        subscription: Some(format!("sub_{n}")),
        subscriptions: vec![format!("sub_{n}")],
        customer: Some(format!("cus_{n}")),
    };
    let quarterly = Frequency::parse("month", 3).unwrap();
    for gift in [
        gift(1, quarterly, "EUR", None),
        Contribution { state: ContributionState::Ended, ..gift(2, quarterly, "EUR", Some(60_000)) },
        Contribution { state: ContributionState::Paid, ..gift(3, Frequency::Once, "EUR", None) },
        gift(4, Frequency::MONTHLY, "CHF", None),
    ] {
        ledger::put_contribution(&mut tx, &gift, "[]").await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    sandbox
}

#[tokio::test]
async fn contributions_are_listed_with_their_terms_and_filtered_by_state_and_currency() {
    let sandbox = sandbox_with_four_gifts().await;
    let all = sandbox.run_ok(&["contributions", "list"]);
    assert!(all.ends_with("4 contributions\n"), "{all}");
    let ended = "journal  €21 every 3 months  ended  since 1970-01-01T00:00:00Z  paid until 1970-01-02T00:00:00Z  ended 1970-01-01T00:01:00Z  sub_2  cus_2";
    assert!(all.contains(ended) && all.contains("journal  €21 once  paid"), "{all}");
    for (options, subscriptions) in [
        (&["--running"][..], vec!["sub_4", "sub_1"]),
        (&["--running", "--currency", "eur"], vec!["sub_1"]),
        (&["--interval", "month", "--interval-count", "3"], vec!["sub_2", "sub_1"]),
        (&["--state", "paid"], vec!["sub_3"]),
        (&["--site", "nowhere"], vec![]),
        (&["--from", "1970-01-02"], vec![]),
        (&["--to", "1970-01-01T00:00:01Z", "--currency", "CHF"], vec!["sub_4"]),
    ] {
        let output = sandbox.run_ok(&[&["contributions", "list"], options].concat());
        let listed: Vec<&str> =
            output.lines().filter_map(|line| line.split("  ").find(|it| it.starts_with("sub_"))).collect();
        assert_eq!(listed, subscriptions, "{options:?}: {output}");
    }
    for option in [["--currency", "EURO"], ["--state", "rich"], ["--from", "yesterday"]] {
        assert_eq!(
            sandbox.run(&[&["contributions", "list"][..], &option].concat()).status,
            Some(2),
            "{option:?}"
        );
    }
    let output = sandbox.run(&["contributions", "list", "--interval", "fortnight"]);
    assert!(
        output.status == Some(1) && output.err.contains("once, day, week, month, year or mixed"),
        "{output:?}"
    );
}
