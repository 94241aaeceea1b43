//! Stores the switches that turn off a site's appeals, or one of its surfaces.

use std::collections::BTreeMap;

use keepopen_decision::Surface;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, Tx, Unreadable};
use crate::appeals::{Switch, Switches};

/// One change of one switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are milliseconds since 1970")]
pub struct SwitchRow {
    pub site: String,
    /// What the switch controls: `all`, or a surface.
    pub surface: String,
    /// The new state: `on` or `off`.
    pub state: String,
    pub set_at_ms: i64,
    /// Who changed the switch: an API key's id, or `command line`.
    pub set_by: String,
}

from_row!(SwitchRow { site, surface, state, set_at_ms, set_by });

/// The label in the database for the switch of a whole site.
const ALL: &str = "all";
/// Selects the newest change of each switch.
const CURRENT: &str = "SELECT site, surface, state, set_at_ms, set_by FROM switches s \
     WHERE number = (SELECT MAX(number) FROM switches t WHERE t.site = s.site AND t.surface = s.surface)";

impl SwitchRow {
    /// Creates the row for a change of a switch. Without a surface, it is the switch of the whole site.
    pub fn new(site: &str, surface: Option<Surface>, switch: Switch, set_at_ms: i64, set_by: &str) -> Self {
        Self {
            site: site.to_owned(),
            surface: surface.map_or(ALL, Surface::as_str).to_owned(),
            state: switch.as_str().to_owned(),
            set_at_ms,
            set_by: set_by.to_owned(),
        }
    }
}

/// Groups the rows by site. Returns the switches of each site.
///
/// # Errors
/// A row has a label that this version does not know.
pub fn by_site(rows: &[SwitchRow]) -> Result<BTreeMap<String, Switches>, Unreadable> {
    let mut sites: BTreeMap<String, Switches> = BTreeMap::new();
    for row in rows {
        let surface = Surface::ALL.into_iter().find(|surface| surface.as_str() == row.surface);
        let switch = Switch::parse(&row.state).filter(|_| surface.is_some() || row.surface == ALL);
        let switch = switch.ok_or(Unreadable { what: "switch" })?;
        sites.entry(row.site.clone()).or_default().set(surface, switch);
    }
    Ok(sites)
}

/// Stores a change of a switch.
///
/// # Errors
/// The database does not answer.
pub async fn record_change(tx: &mut Tx, row: &SwitchRow) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO switches (number, site, surface, state, set_at_ms, set_by) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM switches), $1, $2, $3, $4, $5)",
    )
    .bind(&row.site)
    .bind(&row.surface)
    .bind(&row.state)
    .bind(row.set_at_ms)
    .bind(&row.set_by)
    .execute(db)
    .await
    .map(drop))
}

/// Returns the newest change of each switch of a site.
///
/// # Errors
/// The database does not answer.
pub async fn of_site(tx: &mut Tx, site: &str) -> Result<Vec<SwitchRow>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{CURRENT} AND s.site = $1"));
    on_tx!(tx, db => sqlx::query_as(sql).bind(site).fetch_all(db).await)
}

impl Store {
    /// Returns the newest change of each switch.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn switches(&self) -> Result<Vec<SwitchRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{CURRENT} ORDER BY s.site, s.surface"));
        on_reader!(self, db => sqlx::query_as(sql).fetch_all(db).await)
    }

    /// Returns the number of publications and the number of switch changes so far. Every change of the active appeals
    /// raises one of these two numbers.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changes(&self) -> Result<(i64, i64), StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT (SELECT COALESCE(MAX(number), 0) FROM publications), \
                    (SELECT COALESCE(MAX(number), 0) FROM switches)",
        )
        .fetch_one(db)
        .await)
    }
}
