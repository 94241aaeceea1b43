//! Stores contributions and ledger entries. A contribution is also called a gift. An entry's cause is its key: its kind
//! and its Stripe object.

use std::collections::BTreeMap;

use super::{Store, StoreError, Tx, Unreadable};
use crate::contributions::{Contribution, ContributionState, Entry, EntryKind, Frequency};
use crate::ids::{ContributionId, SupporterId};
use crate::money::{Currency, Money};
use crate::supporters::GiftSummary;

/// Writes a contribution in its current state. `alarms` is a JSON list.
///
/// # Errors
/// The database does not answer.
pub async fn put_contribution(
    tx: &mut Tx,
    contribution: &Contribution,
    alarms: &str,
) -> Result<(), StoreError> {
    write_row!(tx, upsert "contributions" by "id", {
        id: contribution.id.as_str(),
        site: &contribution.site,
        supporter_id: contribution.supporter.as_ref().map(SupporterId::as_str),
        interval: contribution.frequency.as_str(),
        amount_minor: contribution.money.map(|money| money.amount_minor),
        currency: contribution.money.map(|money| money.currency.code().to_owned()),
        state: contribution.state.as_str(),
        appeal: &contribution.appeal,
        variant: &contribution.variant,
        started_at_ms: contribution.started_at_ms,
        last_retained_payment_at_ms: contribution.last_retained_payment_at_ms,
        reversed_payments: contribution.reversed_payments,
        session: &contribution.session,
        subscription: &contribution.subscription,
        customer: &contribution.customer,
        alarms: alarms,
        interval_count: i64::from(contribution.frequency.count()),
        paid_until_ms: contribution.paid_until_ms,
        ended_at_ms: contribution.ended_at_ms,
        subscriptions: contribution.subscriptions.join(" "),
    })?;
    Ok(())
}

/// Books an entry. Returns false if an entry with the same cause ([`Entry::cause`]) is already booked.
///
/// # Errors
/// The database does not answer.
pub async fn book(tx: &mut Tx, entry: &Entry, now_ms: i64) -> Result<bool, StoreError> {
    let (debit, credit) = entry.kind.accounts();
    let rows = on_tx!(tx, db => sqlx::query(
        "INSERT INTO ledger_entries (cause, kind, object, contribution_id, site, currency, \
         debit_account, credit_account, amount_minor, occurred_at_ms, booked_at_ms, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger_entries)) ON CONFLICT (cause) DO NOTHING",
    )
    .bind(entry.cause())
    .bind(entry.kind.as_str())
    .bind(&entry.object)
    .bind(entry.contribution.as_str())
    .bind(&entry.site)
    .bind(entry.money.currency.code())
    .bind(debit.as_str())
    .bind(credit.as_str())
    .bind(entry.money.amount_minor)
    .bind(entry.occurred_at_ms)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Returns the causes of all booked entries of a gift, each with the time at which the entry's transfer happened, in
/// milliseconds since 1970.
///
/// # Errors
/// The database does not answer.
pub async fn booked(tx: &mut Tx, gift: &ContributionId) -> Result<BTreeMap<String, i64>, StoreError> {
    let booked: Vec<(String, i64)> = on_tx!(tx, db => sqlx::query_as("SELECT cause, occurred_at_ms FROM ledger_entries WHERE contribution_id = $1")
        .bind(gift.as_str())
        .fetch_all(db)
        .await)?;
    Ok(booked.into_iter().collect())
}

pub(super) struct EntryRow {
    kind: String,
    object: String,
    contribution_id: String,
    site: String,
    currency: String,
    amount_minor: i64,
    occurred_at_ms: i64,
}

from_row!(EntryRow { kind, object, contribution_id, site, currency, amount_minor, occurred_at_ms });

pub(super) struct ContributionRow {
    pub(super) id: String,
    site: String,
    supporter_id: Option<String>,
    interval: String,
    interval_count: i64,
    amount_minor: Option<i64>,
    currency: Option<String>,
    state: String,
    appeal: Option<String>,
    variant: Option<String>,
    pub(super) started_at_ms: Option<i64>,
    last_retained_payment_at_ms: Option<i64>,
    paid_until_ms: Option<i64>,
    ended_at_ms: Option<i64>,
    reversed_payments: i64,
    session: Option<String>,
    subscription: Option<String>,
    subscriptions: String,
    customer: Option<String>,
}

from_row!(ContributionRow {
    id,
    site,
    supporter_id,
    interval,
    interval_count,
    amount_minor,
    currency,
    state,
    appeal,
    variant,
    started_at_ms,
    last_retained_payment_at_ms,
    paid_until_ms,
    ended_at_ms,
    reversed_payments,
    session,
    subscription,
    subscriptions,
    customer
});

impl TryFrom<EntryRow> for Entry {
    type Error = Unreadable;
    fn try_from(row: EntryRow) -> Result<Self, Unreadable> {
        Ok(Self {
            kind: EntryKind::parse(&row.kind).ok_or(Unreadable { what: "kind of entry" })?,
            object: row.object,
            contribution: contribution_id(&row.contribution_id)?,
            site: row.site,
            money: Money { amount_minor: row.amount_minor, currency: currency(&row.currency)? },
            occurred_at_ms: row.occurred_at_ms,
        })
    }
}

impl TryFrom<ContributionRow> for Contribution {
    type Error = Unreadable;
    fn try_from(row: ContributionRow) -> Result<Self, Unreadable> {
        let money = match (row.amount_minor, row.currency) {
            (Some(amount_minor), Some(code)) => Some(Money { amount_minor, currency: currency(&code)? }),
            _ => None,
        };
        Ok(Self {
            id: contribution_id(&row.id)?,
            site: row.site,
            supporter: row.supporter_id.as_deref().map(supporter_id).transpose()?,
            frequency: frequency(&row.interval, row.interval_count)?,
            money,
            state: state(&row.state)?,
            appeal: row.appeal,
            variant: row.variant,
            started_at_ms: row.started_at_ms,
            last_retained_payment_at_ms: row.last_retained_payment_at_ms,
            paid_until_ms: row.paid_until_ms,
            ended_at_ms: row.ended_at_ms,
            reversed_payments: row.reversed_payments,
            session: row.session,
            subscription: row.subscription,
            subscriptions: row.subscriptions.split_whitespace().map(str::to_owned).collect(),
            customer: row.customer,
        })
    }
}

pub(super) fn contribution_id(text: &str) -> Result<ContributionId, Unreadable> {
    ContributionId::parse(text).map_err(|_| Unreadable { what: "contribution id" })
}

pub(super) fn supporter_id(text: &str) -> Result<SupporterId, Unreadable> {
    SupporterId::parse(text).map_err(|_| Unreadable { what: "supporter id" })
}

pub(super) fn currency(code: &str) -> Result<Currency, Unreadable> {
    Currency::parse(code).map_err(|_| Unreadable { what: "currency" })
}

pub(super) fn frequency(interval: &str, count: i64) -> Result<Frequency, Unreadable> {
    Frequency::parse(interval, count).ok_or(Unreadable { what: "interval" })
}

fn state(text: &str) -> Result<ContributionState, Unreadable> {
    ContributionState::parse(text).ok_or(Unreadable { what: "state of a contribution" })
}

const GIFTS_OF_SUPPORTER: &str = "SELECT id, interval, interval_count, state, last_retained_payment_at_ms, paid_until_ms FROM contributions \
     WHERE supporter_id = $1 AND site = $2";

struct GiftRow {
    id: String,
    interval: String,
    interval_count: i64,
    state: String,
    last_retained_payment_at_ms: Option<i64>,
    paid_until_ms: Option<i64>,
}

from_row!(GiftRow { id, interval, interval_count, state, last_retained_payment_at_ms, paid_until_ms });

impl GiftRow {
    fn into_summary(self) -> Result<(ContributionId, GiftSummary), Unreadable> {
        let frequency = frequency(&self.interval, self.interval_count)?;
        let (retained_at_ms, paid_until_ms) = (self.last_retained_payment_at_ms, self.paid_until_ms);
        let summary = gift_summary(frequency, &self.state, retained_at_ms, paid_until_ms)?;
        Ok((contribution_id(&self.id)?, summary))
    }
}

/// Creates a summary of a contribution from the columns that determine the supporter's standing (such as `recurring` or
/// `lapsed`).
pub(super) fn gift_summary(
    frequency: Frequency,
    state_label: &str,
    last_retained_payment_at_ms: Option<i64>,
    paid_until_ms: Option<i64>,
) -> Result<GiftSummary, Unreadable> {
    Ok(GiftSummary { frequency, state: state(state_label)?, last_retained_payment_at_ms, paid_until_ms })
}

/// Returns summaries of a supporter's contributions to one site, as the transaction sees them.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn gift_summaries_of(
    tx: &mut Tx,
    supporter: &SupporterId,
    site: &str,
) -> Result<Vec<(ContributionId, GiftSummary)>, StoreError> {
    let rows: Vec<GiftRow> = on_tx!(tx, db => sqlx::query_as(GIFTS_OF_SUPPORTER)
        .bind(supporter.as_str())
        .bind(site)
        .fetch_all(db)
        .await)?;
    Ok(rows.into_iter().map(GiftRow::into_summary).collect::<Result<_, _>>()?)
}

/// Whether a contribution is stored.
///
/// # Errors
/// See [`StoreError`].
pub async fn is_stored(tx: &mut Tx, id: &ContributionId) -> Result<bool, StoreError> {
    let found: Option<i64> = on_tx!(tx, db => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM contributions WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await)?;
    Ok(found.is_some())
}

/// Returns the supporter to whom this contribution is currently assigned.
///
/// # Errors
/// The database does not answer, or contains an id that can't be read.
pub async fn supporter_of(tx: &mut Tx, id: &ContributionId) -> Result<Option<SupporterId>, StoreError> {
    let found: Option<Option<String>> = on_tx!(tx, db => sqlx::query_scalar("SELECT supporter_id FROM contributions WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await)?;
    Ok(found.flatten().as_deref().map(supporter_id).transpose()?)
}

pub(super) const CONTRIBUTION: &str = "SELECT id, site, supporter_id, interval, interval_count, amount_minor, \
     currency, state, appeal, variant, started_at_ms, last_retained_payment_at_ms, paid_until_ms, ended_at_ms, \
     reversed_payments, session, subscription, subscriptions, customer FROM contributions";

impl Store {
    /// Returns a contribution.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn contribution(&self, id: &ContributionId) -> Result<Option<Contribution>, StoreError> {
        let sql = format!("{CONTRIBUTION}{}", " WHERE id = $1");
        let row: Option<ContributionRow> = on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(db).await)?;
        Ok(row.map(Contribution::try_from).transpose()?)
    }

    /// Returns when the first payment of a gift was booked, in milliseconds since 1970.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn first_booked_at_ms(&self, id: &ContributionId) -> Result<Option<i64>, StoreError> {
        on_reader!(self, db => sqlx::query_scalar(
            "SELECT MIN(booked_at_ms) FROM ledger_entries WHERE contribution_id = $1 AND kind = 'payment'",
        )
        .bind(id.as_str())
        .fetch_one(db)
        .await)
    }

    /// Returns summaries of a supporter's contributions to one site. The supporter's standing is computed from them.
    ///
    /// # Errors
    /// See [`Store::contribution`].
    pub async fn gift_summaries(
        &self,
        supporter: &SupporterId,
        site: &str,
    ) -> Result<Vec<GiftSummary>, StoreError> {
        let rows: Vec<GiftRow> = on_reader!(self, db => sqlx::query_as(GIFTS_OF_SUPPORTER)
            .bind(supporter.as_str())
            .bind(site)
            .fetch_all(db)
            .await)?;
        let summaries = rows.into_iter().map(|row| row.into_summary().map(|(_, summary)| summary));
        Ok(summaries.collect::<Result<_, _>>()?)
    }

    /// Returns the first `limit` contributions with open alarms: the id, and the alarms in JSON.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn alarms(&self, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, alarms FROM contributions WHERE alarms <> '[]' ORDER BY id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(db)
        .await)
    }

    /// Returns the number of contributions with open alarms.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn contributions_with_alarms(&self) -> Result<i64, StoreError> {
        on_reader!(self, db => sqlx::query_scalar("SELECT COUNT(*) FROM contributions WHERE alarms <> '[]'")
            .fetch_one(db)
            .await)
    }
}
