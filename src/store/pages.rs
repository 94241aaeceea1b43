//! Reads contributions and payments page by page.

use super::ledger::{CONTRIBUTION, ContributionRow, EntryRow, currency, frequency, supporter_id};
use super::payments::PaymentRow;
use super::{Store, StoreError, Tx, payments};
use crate::contributions::{Contribution, ContributionState, Entry, ExportedPayment, Frequency, Payment};
use crate::ids::{ContributionId, SupporterId};
use crate::money::{Currency, Money};

/// Chooses the contributions to list. A field without a value does not filter.
#[derive(Clone, Debug, Default)]
pub struct ContributionFilter {
    /// Only contributions to this site.
    pub site: Option<String>,
    /// Only contributions in this state.
    pub state: Option<ContributionState>,
    /// Only contributions with this frequency.
    pub frequency: Option<Frequency>,
    /// Only contributions in this currency.
    pub currency: Option<Currency>,
    /// Only active recurring contributions: the subscription has not ended, and a payment was made or is under way.
    pub running: bool,
    /// Only contributions of this supporter.
    pub supporter: Option<SupporterId>,
    /// Only contributions that started at or after this time, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Only contributions that started before this time, in milliseconds since 1970.
    pub to_ms: Option<i64>,
}

/// A position in a list. The next page begins after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time by which the list is ordered, in milliseconds since 1970.
    pub at_ms: i64,
    /// The id, by which items of the same time are ordered.
    pub id: String,
}

impl Cursor {
    /// Returns the position of a contribution in the list.
    pub fn of(contribution: &Contribution) -> Self {
        Self { at_ms: contribution.started_at_ms.unwrap_or(0), id: contribution.id.as_str().to_owned() }
    }
}

/// Chooses the payments to export.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// Only payments to this site.
    pub site: Option<String>,
    /// Only payments at or after this time, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Only payments before this time, in milliseconds since 1970.
    pub to_ms: Option<i64>,
}

/// A contribution with everything that was booked for it.
#[derive(Clone, Debug)]
pub struct ContributionDetail {
    /// The contribution.
    pub contribution: Contribution,
    /// The contribution's payments, oldest first.
    pub payments: Vec<Payment>,
    /// The contribution's entries, oldest first. Each has the time at which it was booked, in milliseconds since
    /// 1970.
    pub entries: Vec<(Entry, i64)>,
}

struct ExportedRow {
    payment: PaymentRow,
    supporter_id: Option<String>,
    interval: String,
    interval_count: i64,
    agreed_minor: Option<i64>,
    agreed_currency: Option<String>,
    appeal: Option<String>,
    variant: Option<String>,
}

impl<'r, R> sqlx::FromRow<'r, R> for ExportedRow
where
    R: sqlx::Row,
    &'static str: sqlx::ColumnIndex<R>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            payment: PaymentRow::from_row(row)?,
            supporter_id: row.try_get("supporter_id")?,
            interval: row.try_get("interval")?,
            interval_count: row.try_get("interval_count")?,
            agreed_minor: row.try_get("agreed_minor")?,
            agreed_currency: row.try_get("agreed_currency")?,
            appeal: row.try_get("appeal")?,
            variant: row.try_get("variant")?,
        })
    }
}

struct BookedRow {
    entry: EntryRow,
    booked_at_ms: i64,
}

impl<'r, R> sqlx::FromRow<'r, R> for BookedRow
where
    R: sqlx::Row,
    &'static str: sqlx::ColumnIndex<R>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self { entry: EntryRow::from_row(row)?, booked_at_ms: row.try_get("booked_at_ms")? })
    }
}

/// Returns up to `limit` payments after a cursor, oldest first, each with details of its contribution.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn payments_after(
    tx: &mut Tx,
    filter: &PaymentFilter,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Vec<ExportedPayment>, StoreError> {
    let from_ms = after.map_or(filter.from_ms.unwrap_or(i64::MIN), |cursor| cursor.at_ms);
    // Every id is greater than the empty text, so the first page begins with the first id.
    let after_id = after.map_or("", |cursor| cursor.id.as_str());
    let rows: Vec<ExportedRow> = on_tx!(tx, db => sqlx::query_as(
        // In SQLite, CROSS JOIN forces the plan to start with the first table. That table's index has the right
        // order, so nothing is sorted.
        "SELECT object, contribution_id, payments.site, payments.currency, payments.amount_minor, \
         presented_currency, presented_minor, paid_at_ms, refunded_minor, disputed_minor, settled_currency, \
         fee_minor, net_minor, charge, payout, payout_arrives_at_ms, unsettled_minor, discrepancy_minor, kind, settle_by_ms, \
         supporter_id, interval, interval_count, contributions.amount_minor AS agreed_minor, \
         contributions.currency AS agreed_currency, appeal, variant \
         FROM payments CROSS JOIN contributions WHERE contributions.id = contribution_id \
         AND paid_at_ms >= $1 AND paid_at_ms < $2 AND (paid_at_ms > $1 OR object > $3) \
         AND (CAST($4 AS TEXT) IS NULL OR payments.site = $4) ORDER BY paid_at_ms, object LIMIT $5",
    )
    .bind(from_ms)
    .bind(filter.to_ms.unwrap_or(i64::MAX))
    .bind(after_id)
    .bind(filter.site.as_deref())
    .bind(limit)
    .fetch_all(db)
    .await)?;
    rows.into_iter()
        .map(|row| {
            let agreed = match (row.agreed_minor, row.agreed_currency) {
                (Some(amount_minor), Some(code)) => Some(Money { amount_minor, currency: currency(&code)? }),
                _ => None,
            };
            Ok(ExportedPayment {
                payment: Payment::try_from(row.payment)?,
                supporter: row.supporter_id.as_deref().map(supporter_id).transpose()?,
                frequency: frequency(&row.interval, row.interval_count)?,
                agreed,
                appeal: row.appeal,
                variant: row.variant,
            })
        })
        .collect()
}

/// The condition for a running subscription. A subscription without any payment (`open`, `expired`, `failed`) is not
/// running.
const RUNNING: &str =
    " AND interval <> 'once' AND ended_at_ms IS NULL AND state NOT IN ('open', 'expired', 'failed')";

/// The expression for a contribution's start. It puts contributions without a date before all others. There is an
/// index on this expression.
const START: &str = "COALESCE(started_at_ms, 0)";

impl Store {
    /// Returns up to `limit` contributions after a cursor, newest first.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn contributions_after(
        &self,
        filter: &ContributionFilter,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<Vec<Contribution>, StoreError> {
        let until_ms = after.map_or(i64::MAX, |cursor| cursor.at_ms);
        // The first page has no cursor. Every contribution began before the largest time, so the id does not matter.
        let before_id = after.map_or("", |cursor| cursor.id.as_str());
        // A supporter has few contributions, so these are found through the supporter's id. All others are read in the
        // order of the list.
        let supporter_condition = match filter.supporter {
            Some(_) => "supporter_id = $8",
            None => "CAST($8 AS TEXT) IS NULL",
        };
        let running = if filter.running { RUNNING } else { "" };
        let sql = format!(
            "{CONTRIBUTION} WHERE {START} >= $1 AND {START} < $2 AND {START} <= $3 AND ({START} < $3 OR id < $4) \
             AND (CAST($5 AS TEXT) IS NULL OR site = $5) AND (CAST($6 AS TEXT) IS NULL OR state = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR (interval = $7 AND interval_count = $9)) \
             AND (CAST($10 AS TEXT) IS NULL OR currency = $10){running} AND {supporter_condition} ORDER BY {START} DESC, id DESC LIMIT $11"
        );
        let rows: Vec<ContributionRow> = on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(filter.from_ms.unwrap_or(i64::MIN))
            .bind(filter.to_ms.unwrap_or(i64::MAX))
            .bind(until_ms)
            .bind(before_id)
            .bind(filter.site.as_deref())
            .bind(filter.state.map(ContributionState::as_str))
            .bind(filter.frequency.map(Frequency::as_str))
            .bind(filter.supporter.as_ref().map(SupporterId::as_str))
            .bind(filter.frequency.map(|frequency| i64::from(frequency.count())))
            .bind(filter.currency.map(|currency| currency.code().to_owned()))
            .bind(limit)
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(|row| Ok(Contribution::try_from(row)?)).collect()
    }

    /// Returns a contribution with its payments and entries, from one snapshot.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn contribution_detail(
        &self,
        id: &ContributionId,
    ) -> Result<Option<ContributionDetail>, StoreError> {
        let mut tx = self.snapshot().await?;
        let sql = format!("{CONTRIBUTION} WHERE id = $1");
        let row: Option<ContributionRow> = on_tx!(&mut tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(db)
            .await)?;
        let Some(contribution) = row.map(Contribution::try_from).transpose()? else { return Ok(None) };
        let mut payments = payments::of_gift(&mut tx, id).await?;
        payments.sort_by(|one, other| (one.paid_at_ms, &one.object).cmp(&(other.paid_at_ms, &other.object)));
        let entries: Vec<BookedRow> = on_tx!(&mut tx, db => sqlx::query_as(
            "SELECT kind, object, contribution_id, site, currency, amount_minor, occurred_at_ms, booked_at_ms FROM ledger_entries \
             WHERE contribution_id = $1 ORDER BY occurred_at_ms, seq",
        )
        .bind(id.as_str())
        .fetch_all(db)
        .await)?;
        let entries = entries
            .into_iter()
            .map(|row| Ok((Entry::try_from(row.entry)?, row.booked_at_ms)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(ContributionDetail { contribution, payments, entries }))
    }
}
