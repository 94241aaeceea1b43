//! Stores payments in the form in which the finance team reads them.

use super::ledger::{contribution_id, currency};
use super::{Store, StoreError, Tx, Unreadable};
use crate::contributions::{Payment, PaymentKind, Settled};
use crate::ids::ContributionId;
use crate::money::Money;

/// Writes a payment in its current state.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, payment: &Payment) -> Result<(), StoreError> {
    write_row!(tx, upsert "payments" by "object", {
        object: &payment.object,
        contribution_id: payment.contribution.as_str(),
        site: &payment.site,
        currency: payment.money.currency.code().to_owned(),
        amount_minor: payment.money.amount_minor,
        presented_currency: payment.presented.map(|money| money.currency.code().to_owned()),
        presented_minor: payment.presented.map(|money| money.amount_minor),
        paid_at_ms: payment.paid_at_ms,
        refunded_minor: payment.refunded_minor,
        disputed_minor: payment.disputed_minor,
        settled_currency: payment.settled.map(|settled| settled.currency.code().to_owned()),
        fee_minor: payment.settled.map(|settled| settled.fee_minor),
        net_minor: payment.settled.map(|settled| settled.net_minor),
        charge: &payment.charge,
        payout: &payment.payout,
        payout_arrives_at_ms: payment.payout_arrives_at_ms,
        unsettled_minor: payment.unsettled_minor,
        discrepancy_minor: payment.discrepancy_minor,
        kind: payment.kind.as_str(),
        settle_by_ms: payment.settle_by_ms,
    })?;
    Ok(())
}

/// Returns the stored payments of a gift.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn of_gift(tx: &mut Tx, gift: &ContributionId) -> Result<Vec<Payment>, StoreError> {
    let sql = format!("{PAYMENT} WHERE contribution_id = $1");
    let rows: Vec<PaymentRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gift.as_str())
        .fetch_all(db)
        .await)?;
    rows.into_iter().map(|row| Ok(Payment::try_from(row)?)).collect()
}

pub(super) const PAYMENT: &str = "SELECT object, contribution_id, site, currency, amount_minor, \
     presented_currency, presented_minor, paid_at_ms, refunded_minor, disputed_minor, settled_currency, \
     fee_minor, net_minor, charge, payout, payout_arrives_at_ms, unsettled_minor, discrepancy_minor, kind, settle_by_ms FROM payments";

pub(super) struct PaymentRow {
    object: String,
    contribution_id: String,
    site: String,
    currency: String,
    amount_minor: i64,
    presented_currency: Option<String>,
    presented_minor: Option<i64>,
    paid_at_ms: i64,
    refunded_minor: i64,
    disputed_minor: i64,
    settled_currency: Option<String>,
    fee_minor: Option<i64>,
    net_minor: Option<i64>,
    charge: Option<String>,
    payout: Option<String>,
    payout_arrives_at_ms: Option<i64>,
    unsettled_minor: i64,
    discrepancy_minor: i64,
    kind: String,
    settle_by_ms: Option<i64>,
}

from_row!(PaymentRow {
    object,
    contribution_id,
    site,
    currency,
    amount_minor,
    presented_currency,
    presented_minor,
    paid_at_ms,
    refunded_minor,
    disputed_minor,
    settled_currency,
    fee_minor,
    net_minor,
    charge,
    payout,
    payout_arrives_at_ms,
    unsettled_minor,
    discrepancy_minor,
    kind,
    settle_by_ms
});

impl TryFrom<PaymentRow> for Payment {
    type Error = Unreadable;
    fn try_from(row: PaymentRow) -> Result<Self, Unreadable> {
        let presented = match (row.presented_minor, row.presented_currency) {
            (Some(amount_minor), Some(code)) => Some(Money { amount_minor, currency: currency(&code)? }),
            _ => None,
        };
        let settled = match (row.settled_currency, row.fee_minor, row.net_minor) {
            (Some(code), Some(fee_minor), Some(net_minor)) => {
                Some(Settled { currency: currency(&code)?, fee_minor, net_minor })
            }
            _ => None,
        };
        Ok(Self {
            object: row.object,
            kind: PaymentKind::parse(&row.kind).ok_or(Unreadable { what: "kind of payment" })?,
            contribution: contribution_id(&row.contribution_id)?,
            site: row.site,
            money: Money { amount_minor: row.amount_minor, currency: currency(&row.currency)? },
            presented,
            paid_at_ms: row.paid_at_ms,
            refunded_minor: row.refunded_minor,
            disputed_minor: row.disputed_minor,
            unsettled_minor: row.unsettled_minor,
            discrepancy_minor: row.discrepancy_minor,
            settle_by_ms: row.settle_by_ms,
            settled,
            charge: row.charge,
            payout: row.payout,
            payout_arrives_at_ms: row.payout_arrives_at_ms,
        })
    }
}

/// A payment that Stripe has not settled within the time that its method allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The id of the payment's gift.
    pub contribution: String,
    /// The payment's key: the id of its payment intent or invoice at Stripe.
    pub object: String,
    /// The unsettled amount, in the minor unit of the currency.
    pub minor: i64,
    /// The currency's code.
    pub currency: String,
}

from_row!(Overdue { contribution, object, minor, currency });

/// The expression for the unsettled part of a payment.
const UNSETTLED: &str = "CASE WHEN kind = 'unconfirmed' THEN payments.amount_minor ELSE unsettled_minor END";

impl Store {
    /// Returns the first `limit` payments that should have been settled before `now_ms` (milliseconds since 1970) but
    /// are not.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn overdue(&self, now_ms: i64, limit: i64) -> Result<Vec<Overdue>, StoreError> {
        let sql = format!(
            "SELECT contribution_id AS contribution, object, {UNSETTLED} AS minor, currency FROM payments \
             WHERE settle_by_ms < $1 ORDER BY settle_by_ms, object LIMIT $2"
        );
        on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(now_ms).bind(limit).fetch_all(db).await)
    }

    /// Returns the number of contributions that have an overdue payment and no open alarm.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn contributions_overdue_only(&self, now_ms: i64) -> Result<i64, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT COUNT(DISTINCT contribution_id) FROM payments JOIN contributions ON contributions.id = contribution_id \
             WHERE settle_by_ms < $1 AND alarms = '[]'",
        )
        .bind(now_ms)
        .fetch_one(db)
        .await)
    }

    /// Returns the overdue payments of each site and currency: their number, and their sum in the minor unit.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn overdue_sums(&self, now_ms: i64) -> Result<Vec<(String, String, i64, i64)>, StoreError> {
        let sql = format!(
            "SELECT site, currency, CAST(COUNT(*) AS BIGINT), CAST(SUM({UNSETTLED}) AS BIGINT) FROM payments \
             WHERE settle_by_ms < $1 GROUP BY site, currency"
        );
        on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(now_ms).fetch_all(db).await)
    }

    /// Returns the ids of invoices that were paid, but for which Stripe has not said how. Only invoices that were paid
    /// between two times (milliseconds since 1970) are returned: the newest `limit`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unconfirmed(&self, from_ms: i64, to_ms: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT object FROM payments WHERE kind = 'unconfirmed' AND paid_at_ms >= $1 AND paid_at_ms < $2 \
             ORDER BY paid_at_ms DESC, object LIMIT $3",
        )
        .bind(from_ms)
        .bind(to_ms)
        .bind(limit)
        .fetch_all(db)
        .await)
    }
}
