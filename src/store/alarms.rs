//! Stores open alarms and their acknowledgements. An alarm says that a contribution needs manual review.

use std::collections::HashSet;

use super::ledger::contribution_id;
use super::{Store, StoreError, Tx, Unreadable};
use crate::contributions::{Alarm, RaisedAlarm};
use crate::ids::{AlarmId, ContributionId};

/// An acknowledgement: it records that a person reviewed an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The alarm's id.
    pub alarm_id: AlarmId,
    /// The contribution that the alarm is about.
    pub contribution: ContributionId,
    /// The alarm as it was when it was acknowledged.
    pub alarm: Alarm,
    /// The name of the person who reviewed the alarm.
    pub name: String,
    /// What the person found.
    pub reason: String,
    /// The way in which the alarm was acknowledged: an API key's id, or `command line`.
    pub via: String,
    /// When the alarm was acknowledged, in milliseconds since 1970.
    pub acknowledged_at_ms: i64,
}

struct Row {
    alarm_id: String,
    contribution_id: String,
    alarm: String,
    name: String,
    reason: String,
    via: String,
    acknowledged_at_ms: i64,
}

from_row!(Row { alarm_id, contribution_id, alarm, name, reason, via, acknowledged_at_ms });

impl TryFrom<Row> for Acknowledgement {
    type Error = Unreadable;
    fn try_from(row: Row) -> Result<Self, Unreadable> {
        Ok(Self {
            alarm_id: alarm_id(row.alarm_id)?,
            contribution: contribution_id(&row.contribution_id)?,
            alarm: serde_json::from_str(&row.alarm).map_err(|_| Unreadable { what: "alarm" })?,
            name: row.name,
            reason: row.reason,
            via: row.via,
            acknowledged_at_ms: row.acknowledged_at_ms,
        })
    }
}

fn alarm_id(text: String) -> Result<AlarmId, Unreadable> {
    AlarmId::try_from(text).map_err(|_| Unreadable { what: "alarm id" })
}

/// Parses the open alarms of a contribution. Some alarms that an older version of keepopen stored have no id. They are
/// skipped until `keepopen books rewrite` gives them ids.
fn open_alarms(text: &str) -> Result<Vec<RaisedAlarm>, Unreadable> {
    let all: Vec<serde_json::Value> =
        serde_json::from_str(text).map_err(|_| Unreadable { what: "list of alarms" })?;
    let with_id = all.into_iter().filter(|alarm| alarm.get("id").is_some());
    with_id.map(|alarm| serde_json::from_value(alarm).map_err(|_| Unreadable { what: "alarm" })).collect()
}

/// Returns a list of alarms in the form in which it is stored.
///
/// # Errors
/// The alarms can't be serialised. This never happens.
pub fn to_json(alarms: &[RaisedAlarm]) -> Result<String, StoreError> {
    serde_json::to_string(alarms).map_err(StoreError::corrupt)
}

const ACKNOWLEDGEMENT: &str = "SELECT alarm_id, contribution_id, alarm, name, reason, via, acknowledged_at_ms \
     FROM alarm_acknowledgements";

/// Returns the ids of a contribution's acknowledged alarms.
///
/// # Errors
/// The database does not answer, or holds an id that can't be read.
pub async fn acknowledged(tx: &mut Tx, gift: &ContributionId) -> Result<HashSet<AlarmId>, StoreError> {
    let ids: Vec<String> = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT alarm_id FROM alarm_acknowledgements WHERE contribution_id = $1",
    )
    .bind(gift.as_str())
    .fetch_all(db)
    .await)?;
    ids.into_iter().map(|id| Ok(alarm_id(id)?)).collect()
}

/// Returns the acknowledgement of an alarm.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn acknowledgement(tx: &mut Tx, id: &AlarmId) -> Result<Option<Acknowledgement>, StoreError> {
    let sql = format!("{ACKNOWLEDGEMENT} WHERE alarm_id = $1");
    let row: Option<Row> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_optional(db)
        .await)?;
    Ok(row.map(Acknowledgement::try_from).transpose()?)
}

/// Returns the contribution in which this alarm is open, with all its open alarms.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn contribution_with_alarm(
    tx: &mut Tx,
    id: &AlarmId,
) -> Result<Option<(ContributionId, Vec<RaisedAlarm>)>, StoreError> {
    let row: Option<(String, String)> = on_tx!(tx, db => sqlx::query_as(
        "SELECT id, alarms FROM contributions WHERE alarms <> '[]' AND alarms LIKE $1",
    )
    .bind(format!("%\"{id}\"%"))
    .fetch_optional(db)
    .await)?;
    row.map(|(gift, alarms)| Ok((contribution_id(&gift)?, open_alarms(&alarms)?))).transpose()
}

/// Stores an acknowledgement. `open` are the contribution's other alarms, which stay open.
///
/// # Errors
/// The database does not answer.
pub async fn acknowledge(
    tx: &mut Tx,
    acknowledgement: &Acknowledgement,
    open: &[RaisedAlarm],
) -> Result<(), StoreError> {
    let alarm = serde_json::to_string(&acknowledgement.alarm).map_err(StoreError::corrupt)?;
    write_row!(tx, insert "alarm_acknowledgements", {
        alarm_id: acknowledgement.alarm_id.as_str(),
        contribution_id: acknowledgement.contribution.as_str(),
        alarm: alarm,
        name: &acknowledgement.name,
        reason: &acknowledgement.reason,
        via: &acknowledgement.via,
        acknowledged_at_ms: acknowledgement.acknowledged_at_ms,
    })?;
    let text = to_json(open)?;
    on_tx!(tx, db => sqlx::query("UPDATE contributions SET alarms = $2 WHERE id = $1")
        .bind(acknowledgement.contribution.as_str())
        .bind(text)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns the open alarms of the first `limit` contributions that have any, ordered by contribution id.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn open_alarms(&self, limit: i64) -> Result<Vec<(ContributionId, RaisedAlarm)>, StoreError> {
        let mut all = Vec::new();
        for (gift, alarms) in self.alarms(limit).await? {
            let gift = contribution_id(&gift)?;
            all.extend(open_alarms(&alarms)?.into_iter().map(|alarm| (gift.clone(), alarm)));
        }
        Ok(all)
    }

    /// Returns the ids of all acknowledged alarms.
    ///
    /// # Errors
    /// The database does not answer, or holds an id that can't be read.
    pub async fn acknowledged_alarms(&self) -> Result<HashSet<AlarmId>, StoreError> {
        let ids: Vec<String> = on_reader!(self, db => sqlx::query_scalar("SELECT alarm_id FROM alarm_acknowledgements")
            .fetch_all(db)
            .await)?;
        ids.into_iter().map(|id| Ok(alarm_id(id)?)).collect()
    }

    /// Returns the newest acknowledgements, up to `limit`.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn newest_acknowledgements(&self, limit: i64) -> Result<Vec<Acknowledgement>, StoreError> {
        let sql = format!("{ACKNOWLEDGEMENT} ORDER BY acknowledged_at_ms DESC, alarm_id LIMIT $1");
        let rows: Vec<Row> = on_reader!(self, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(limit)
            .fetch_all(db)
            .await)?;
        rows.into_iter().map(|row| Ok(Acknowledgement::try_from(row)?)).collect()
    }
}
