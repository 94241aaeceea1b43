//! `keepopen contributions export`: payments as a table.

use keepopen::config::Interval;
use keepopen::contributions::{Contribution, ContributionState, Payment, Settled};
use keepopen::ids::ContributionId;
use keepopen::money::{Currency, Money};
use keepopen::store::{Store, books, payments};

use super::{JOURNAL, Place};

/// A payment on each of the first three days of 1970, the last of them of another site.
async fn with_three_payments() -> Place {
    let place = Place::with(JOURNAL).and_database();
    let store = Store::open(place.database_url()).await.unwrap();
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
            interval: Interval::Once,
            money: Some(money),
            state: ContributionState::Paid,
            appeal: Some("=1+1".to_owned()),
            variant: None,
            started_at_ms: Some(paid_at_ms),
            last_kept_payment_at_ms: Some(paid_at_ms),
            payments_withdrawn: 0,
            session: None,
            subscription: None,
            subscriptions: Vec::new(),
            customer: None,
        };
        books::put_contribution(&mut tx, &gift, "[]").await.unwrap();
        let payment = Payment {
            object: format!("pi_{day}"),
            contribution: id,
            site,
            money,
            presented: None,
            paid_at_ms,
            refunded_minor: 0,
            disputed_minor: 0,
            awaiting_minor: 0,
            differing_minor: 0,
            settled: Some(Settled { currency, fee_minor: 40, net_minor: 960 }),
            charge: None,
            payout: None,
            payout_arrives_at_ms: None,
        };
        payments::put(&mut tx, &payment).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    place
}

#[tokio::test]
async fn payments_are_printed_as_csv_of_the_days_and_the_site_that_are_asked_for() {
    let place = with_three_payments().await;
    let all = place.good(&["contributions", "export"]);
    assert!(all.starts_with("paid_at,site,contribution,payment,"), "{all}");
    assert!(all.contains("\r\n1970-01-01T00:00:00Z,journal,con_00000000000000000000000000,pi_0,,once,10.00,EUR,,,0.00,0.00,0.40,9.60,EUR,,,,'=1+1,\r\n"), "{all}");
    for (more, lines) in [
        (&[][..], 3),
        (&["--site", "journal"], 2),
        (&["--site", "nowhere"], 0),
        (&["--from", "1970-01-02"], 2),
        (&["--to", "1970-01-02"], 1),
        (&["--from", "1970-01-02", "--to", "1970-01-03T00:00:00Z"], 1),
    ] {
        let said = place.good(&[&["contributions", "export"], more].concat());
        assert_eq!(said.lines().count(), 1 + lines, "{more:?}: {said}");
    }
    let said = place.run(&["contributions", "export", "--from", "yesterday"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("a day as in 2026-01-31"), "{said:?}");
}
