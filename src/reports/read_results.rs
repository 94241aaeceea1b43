//! Reads the results of each appeal and variant, by day.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::contributions::{Account, EntryKind};
use crate::sites::SiteSettings;
use crate::store::{Store, StoreError, Unreadable};

/// The maximum number of days per query.
pub const MAX_RESULT_DAYS: i32 = 400;

/// Chooses the results to read.
#[derive(Clone, Debug)]
pub struct ResultsQuery {
    /// The site's id.
    pub site: String,
    /// The first day, in the site's time zone.
    pub from: Date,
    /// The last day, which is included.
    pub to: Date,
    /// If set, only the results of this appeal are read.
    pub appeal: Option<String>,
}

/// A day, an appeal and a variant. Money that no appeal brought has neither an appeal nor a variant. Gifts from the
/// holdout group (readers to whom the appeal is deliberately not shown) have the variant `holdout`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultKey {
    /// The day, in the site's time zone. An hour belongs to the day on which it begins.
    pub day: Date,
    /// The appeal's id.
    pub appeal: Option<String>,
    /// The variant's id.
    pub variant: Option<String>,
}

/// The results of a variant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The number of readers who saw the variant. This is the number of first views.
    pub readers: i64,
    /// The number of views, including each reader's first.
    pub views: i64,
    /// The number of clicks on the variant's button or one of its amounts.
    pub clicks: i64,
    /// The number of dismissals of every kind.
    pub dismissals: i64,
    /// The number of payment pages that were opened.
    pub checkouts: i64,
    /// The number of contributions whose first payment arrived.
    pub gifts: i64,
    /// The sums of all payments that arrived on the day, by ISO 4217 code. They include payments of older
    /// contributions.
    pub money: BTreeMap<String, MoneySums>,
}

/// Sums in a currency's minor unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneySums {
    /// The amount that readers gave.
    pub received_minor: i64,
    /// Refunds and disputes, minus their reversals.
    pub returned_minor: i64,
    /// Stripe's fees.
    pub fees_minor: i64,
    /// The amount that remains after refunds, disputes and fees.
    pub net_minor: i64,
}

/// Why no results are returned.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum ResultsError {
    #[error("`from` is after `to`")]
    Backwards,
    #[error("at most {MAX_RESULT_DAYS} days can be read at once")]
    TooLong,
    #[error("the days can't be converted to times in the site's time zone ({0})")]
    Days(#[from] jiff::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the results of a site's appeals.
///
/// # Errors
/// See [`ResultsError`].
pub async fn read_results(
    store: &Store,
    site: &SiteSettings,
    query: &ResultsQuery,
) -> Result<BTreeMap<ResultKey, Outcome>, ResultsError> {
    let zone = TimeZone::get(&site.time_zone)?;
    let at_ms = time_range(query, &zone)?;
    let mut results = Results { zone, appeal: query.appeal.clone(), rows: BTreeMap::new() };
    for row in store.hourly_counts(&query.site, at_ms.clone()).await? {
        if let Some(outcome) = results.outcome_at(row.hour, Some(row.appeal), Some(row.variant))? {
            outcome.add_count(&row.kind, row.count);
        }
    }
    for row in store.hourly_gifts(&query.site, at_ms.clone()).await? {
        if let Some(outcome) = results.outcome_at(row.hour, row.appeal, row.variant)? {
            outcome.gifts += row.gifts;
        }
    }
    for row in store.hourly_money(&query.site, at_ms).await? {
        let kind = EntryKind::parse(&row.kind);
        let kind = kind.ok_or(StoreError::from(Unreadable { what: "kind of entry" }))?;
        if let Some(outcome) = results.outcome_at(row.hour, row.appeal, row.variant)? {
            outcome.money.entry(row.currency).or_default().add(kind, row.total_minor);
        }
    }
    Ok(results.rows)
}

/// Adds up the results of all days, per appeal and variant.
pub fn totals(rows: &BTreeMap<ResultKey, Outcome>) -> BTreeMap<(Option<String>, Option<String>), Outcome> {
    let mut totals: BTreeMap<_, Outcome> = BTreeMap::new();
    for (key, outcome) in rows {
        totals.entry((key.appeal.clone(), key.variant.clone())).or_default().add(outcome);
    }
    totals
}

struct Results {
    zone: TimeZone,
    /// If set, only the results of this appeal are kept.
    appeal: Option<String>,
    rows: BTreeMap<ResultKey, Outcome>,
}

impl Results {
    /// Returns the outcome to which a row of this hour is added. Returns `None` if the query is for another appeal.
    fn outcome_at(
        &mut self,
        hour: i64,
        appeal: Option<String>,
        variant: Option<String>,
    ) -> Result<Option<&mut Outcome>, ResultsError> {
        if self.appeal.is_some() && self.appeal != appeal {
            return Ok(None);
        }
        let day = self.zone.to_datetime(Timestamp::from_second(hour.saturating_mul(3600))?).date();
        Ok(Some(self.rows.entry(ResultKey { day, appeal, variant }).or_default()))
    }
}

impl Outcome {
    /// Adds the number of events of one kind.
    fn add_count(&mut self, kind: &str, count: i64) {
        match kind {
            "first_view" => {
                self.readers += count;
                self.views += count;
            }
            "later_view" => self.views += count,
            "click" => self.clicks += count,
            "checkout" => self.checkouts += count,
            kind if kind.starts_with("dismiss_") => self.dismissals += count,
            // A later version of the program can count more kinds.
            _ => {}
        }
    }

    fn add(&mut self, other: &Self) {
        self.readers += other.readers;
        self.views += other.views;
        self.clicks += other.clicks;
        self.dismissals += other.dismissals;
        self.checkouts += other.checkouts;
        self.gifts += other.gifts;
        for (currency, sums) in &other.money {
            let total = self.money.entry(currency.clone()).or_default();
            total.received_minor += sums.received_minor;
            total.returned_minor += sums.returned_minor;
            total.fees_minor += sums.fees_minor;
            total.net_minor += sums.net_minor;
        }
    }
}

impl MoneySums {
    /// Adds ledger entries of one kind: debits one account and credits another.
    fn add(&mut self, kind: EntryKind, minor: i64) {
        let (debit, credit) = kind.accounts();
        self.post(debit, minor);
        self.post(credit, -minor);
    }

    /// Posts to one account. A positive amount debits the account; a negative amount credits it.
    fn post(&mut self, account: Account, minor: i64) {
        match account {
            Account::Contributions => self.received_minor -= minor,
            Account::Refunds | Account::Disputes => self.returned_minor += minor,
            Account::Fees => self.fees_minor += minor,
            Account::Clearing | Account::Offline | Account::Bank => self.net_minor += minor,
            Account::Fx => {}
        }
    }
}

/// Returns the time from the start of the first day to the end of the last, in milliseconds since 1970.
fn time_range(query: &ResultsQuery, zone: &TimeZone) -> Result<Range<i64>, ResultsError> {
    if query.from > query.to {
        return Err(ResultsError::Backwards);
    }
    if (query.to - query.from).get_days() >= MAX_RESULT_DAYS {
        return Err(ResultsError::TooLong);
    }
    let start = |day: Date| Ok::<_, jiff::Error>(zone.to_timestamp(day.at(0, 0, 0, 0))?.as_millisecond());
    Ok(start(query.from)?..start(query.to.checked_add(1.day())?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums_of(entries: &[(EntryKind, i64)]) -> MoneySums {
        let mut sums = MoneySums::default();
        for (kind, minor) in entries {
            sums.add(*kind, *minor);
        }
        sums
    }

    #[test]
    fn the_net_amount_is_the_payment_minus_reversals_and_fees() {
        use EntryKind::{Dispute, DisputeReversal, Fee, FeeReversal, Payment, Refund, RefundReversal};
        let all = [
            (Payment, 1000),
            (Fee, 54),
            (FeeReversal, 4),
            (Refund, 300),
            (RefundReversal, 100),
            (Dispute, 700),
            (DisputeReversal, 700),
        ];
        let expected =
            MoneySums { received_minor: 1000, returned_minor: 200, fees_minor: 50, net_minor: 750 };
        assert_eq!(sums_of(&all), expected);
    }

    #[test]
    fn a_payment_outside_stripe_counts_as_received_and_in_the_net_amount() {
        use EntryKind::{OfflinePayment, OfflinePaymentReversal, Payment, PaymentReversal};
        let received = |minor| MoneySums { received_minor: minor, net_minor: minor, ..MoneySums::default() };
        assert_eq!(sums_of(&[(OfflinePayment, 1000)]), received(1000));
        assert_eq!(sums_of(&[(OfflinePayment, 1000), (OfflinePaymentReversal, 400)]), received(600));
        assert_eq!(
            sums_of(&[(Payment, 1000), (PaymentReversal, 1000), (OfflinePayment, 1000)]),
            received(1000)
        );
    }

    #[test]
    fn converted_money_counts_in_the_currency_that_it_was_converted_to() {
        assert_eq!(sums_of(&[(EntryKind::Payment, 1000), (EntryKind::ExchangeOut, 1000)]).net_minor, 0);
        assert_eq!(sums_of(&[(EntryKind::ExchangeIn, 900), (EntryKind::Fee, 30)]).net_minor, 870);
    }

    #[test]
    fn days_begin_and_end_in_the_sites_time_zone_even_if_the_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let query = |from: &str, to: &str| ResultsQuery {
            site: "journal".to_owned(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            appeal: None,
        };
        let hours = |from, to| {
            let at_ms = time_range(&query(from, to), &zone).unwrap();
            (at_ms.end - at_ms.start) / 3_600_000
        };
        assert_eq!([hours("2026-10-25", "2026-10-25"), hours("2026-10-24", "2026-10-25")], [25, 49]);
        assert!(matches!(
            time_range(&query("2026-10-25", "2026-10-24"), &zone),
            Err(ResultsError::Backwards)
        ));
        assert!(time_range(&query("2026-01-01", "2027-02-04"), &zone).is_ok());
        assert!(matches!(time_range(&query("2026-01-01", "2027-02-05"), &zone), Err(ResultsError::TooLong)));
    }
}
