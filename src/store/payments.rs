//! Payments as finance reads them.

use super::books::{contribution_id, currency};
use super::{Tx, Unreadable};
use crate::contributions::{Payment, Settled};
use crate::ids::ContributionId;
use crate::money::Money;

/// Writes a payment as the facts have it now.
///
/// # Errors
/// The database does not answer.
pub async fn put(tx: &mut Tx, it: &Payment) -> Result<(), sqlx::Error> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO payments (object, contribution_id, site, currency, amount_minor, presented_currency, \
         presented_minor, paid_at_ms, refunded_minor, disputed_minor, settled_currency, fee_minor, net_minor, \
         charge, payout, payout_arrives_at_ms, awaiting_minor, differing_minor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (object) DO UPDATE SET contribution_id = excluded.contribution_id, site = excluded.site, \
         currency = excluded.currency, amount_minor = excluded.amount_minor, \
         presented_currency = excluded.presented_currency, presented_minor = excluded.presented_minor, \
         paid_at_ms = excluded.paid_at_ms, refunded_minor = excluded.refunded_minor, \
         disputed_minor = excluded.disputed_minor, settled_currency = excluded.settled_currency, \
         fee_minor = excluded.fee_minor, net_minor = excluded.net_minor, charge = excluded.charge, \
         payout = excluded.payout, payout_arrives_at_ms = excluded.payout_arrives_at_ms, \
         awaiting_minor = excluded.awaiting_minor, differing_minor = excluded.differing_minor",
    )
    .bind(&it.object)
    .bind(it.contribution.as_str())
    .bind(&it.site)
    .bind(it.money.currency.code().to_owned())
    .bind(it.money.amount_minor)
    .bind(it.presented.map(|money| money.currency.code().to_owned()))
    .bind(it.presented.map(|money| money.amount_minor))
    .bind(it.paid_at_ms)
    .bind(it.refunded_minor)
    .bind(it.disputed_minor)
    .bind(it.settled.map(|settled| settled.currency.code().to_owned()))
    .bind(it.settled.map(|settled| settled.fee_minor))
    .bind(it.settled.map(|settled| settled.net_minor))
    .bind(&it.charge)
    .bind(&it.payout)
    .bind(it.payout_arrives_at_ms)
    .bind(it.awaiting_minor)
    .bind(it.differing_minor)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// The payments of a gift, as they are stored.
///
/// # Errors
/// The database does not answer, or holds what can't be read.
pub async fn of_gift(tx: &mut Tx, gift: &ContributionId) -> Result<Vec<Payment>, sqlx::Error> {
    let sql = format!("{PAYMENT} WHERE contribution_id = $1");
    let rows: Vec<PaymentRow> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gift.as_str())
        .fetch_all(db)
        .await)?;
    rows.into_iter().map(|row| Ok(Payment::try_from(row)?)).collect()
}

pub(super) const PAYMENT: &str = "SELECT object, contribution_id, site, currency, amount_minor, \
     presented_currency, presented_minor, paid_at_ms, refunded_minor, disputed_minor, settled_currency, \
     fee_minor, net_minor, charge, payout, payout_arrives_at_ms, awaiting_minor, differing_minor FROM payments";

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
    awaiting_minor: i64,
    differing_minor: i64,
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
    awaiting_minor,
    differing_minor
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
            contribution: contribution_id(&row.contribution_id)?,
            site: row.site,
            money: Money { amount_minor: row.amount_minor, currency: currency(&row.currency)? },
            presented,
            paid_at_ms: row.paid_at_ms,
            refunded_minor: row.refunded_minor,
            disputed_minor: row.disputed_minor,
            awaiting_minor: row.awaiting_minor,
            differing_minor: row.differing_minor,
            settled,
            charge: row.charge,
            payout: row.payout,
            payout_arrives_at_ms: row.payout_arrives_at_ms,
        })
    }
}
