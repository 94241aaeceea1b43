//! Stores the versions of appeals, and which of them are active.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Store, StoreError, Tx};

/// One version of an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are clear; times are milliseconds since 1970")]
pub struct VersionRow {
    pub appeal_id: String,
    /// The number of the version, counted from 1.
    pub version: i64,
    /// The appeal in JSON, without its state.
    pub body: String,
    pub created_at_ms: i64,
    /// Who saved the version: an API key's id, or `command line`.
    pub created_by: String,
}

from_row!(VersionRow { appeal_id, version, body, created_at_ms, created_by });

/// One publication of an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are clear; times are milliseconds since 1970")]
pub struct PublicationRow {
    pub appeal_id: String,
    pub version: i64,
    /// The state: `live`, `paused` or `ended`.
    pub state: String,
    pub published_at_ms: i64,
    /// Who published the appeal: an API key's id, or `command line`.
    pub published_by: String,
}

from_row!(PublicationRow { appeal_id, version, state, published_at_ms, published_by });

/// The newest publication of an appeal, with the published version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are milliseconds since 1970")]
pub struct PublishedRow {
    pub appeal_id: String,
    pub version: i64,
    /// The state: `live`, `paused` or `ended`.
    pub state: String,
    pub published_at_ms: i64,
    /// The appeal in JSON, without its state.
    pub body: String,
}

from_row!(PublishedRow { appeal_id, version, state, published_at_ms, body });

/// Selects versions of appeals.
const VERSION: &str = "SELECT appeal_id, version, body, created_at_ms, created_by FROM appeal_versions v";
/// The condition for the newest version of each appeal.
const NEWEST: &str = "version = (SELECT MAX(version) FROM appeal_versions w WHERE w.appeal_id = v.appeal_id)";
/// Selects the newest publication of each appeal.
const PUBLISHED: &str = "SELECT appeal_id, version, state, published_at_ms, published_by FROM publications p \
     WHERE number = (SELECT MAX(number) FROM publications q WHERE q.appeal_id = p.appeal_id)";
/// Selects the newest publication of each appeal, with the body of the published version.
const PUBLISHED_WITH_BODY: &str = "SELECT p.appeal_id, p.version, p.state, p.published_at_ms, v.body FROM publications p \
     JOIN appeal_versions v ON v.appeal_id = p.appeal_id AND v.version = p.version \
     WHERE number = (SELECT MAX(number) FROM publications q WHERE q.appeal_id = p.appeal_id)";

/// Returns an id from a URL in a form that can be searched for. PostgreSQL fails on a NUL character instead of finding
/// nothing, so NUL is replaced by another control character. An appeal's id never contains either.
fn searchable(id: &str) -> Cow<'_, str> {
    if id.contains('\0') { Cow::Owned(id.replace('\0', "\u{1}")) } else { Cow::Borrowed(id) }
}

/// Returns the newest version of an appeal.
///
/// # Errors
/// The database does not answer.
pub async fn newest(tx: &mut Tx, appeal: &str) -> Result<Option<VersionRow>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE appeal_id = $1 AND {NEWEST}"));
    on_tx!(tx, db => sqlx::query_as(sql).bind(searchable(appeal)).fetch_optional(db).await)
}

/// Returns one version of an appeal.
///
/// # Errors
/// The database does not answer.
pub async fn version(tx: &mut Tx, appeal: &str, number: i64) -> Result<Option<VersionRow>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE appeal_id = $1 AND version = $2"));
    on_tx!(tx, db => sqlx::query_as(sql).bind(searchable(appeal)).bind(number).fetch_optional(db).await)
}

/// Adds a version.
///
/// # Errors
/// The version exists already, or the database does not answer.
pub async fn add_version(tx: &mut Tx, row: &VersionRow) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO appeal_versions (appeal_id, version, body, created_at_ms, created_by) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&row.appeal_id)
    .bind(row.version)
    .bind(&row.body)
    .bind(row.created_at_ms)
    .bind(&row.created_by)
    .execute(db)
    .await
    .map(drop))
}

/// Stores a publication, which makes a version live, or pauses or ends the appeal.
///
/// # Errors
/// The version does not exist, or the database does not answer.
pub async fn publish(tx: &mut Tx, row: &PublicationRow) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO publications (number, appeal_id, version, state, published_at_ms, published_by) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM publications), $1, $2, $3, $4, $5)",
    )
    .bind(&row.appeal_id)
    .bind(row.version)
    .bind(&row.state)
    .bind(row.published_at_ms)
    .bind(&row.published_by)
    .execute(db)
    .await
    .map(drop))
}

/// Returns the newest publication of an appeal.
///
/// # Errors
/// The database does not answer.
pub async fn published(tx: &mut Tx, appeal: &str) -> Result<Option<PublicationRow>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{PUBLISHED} AND appeal_id = $1"));
    on_tx!(tx, db => sqlx::query_as(sql).bind(searchable(appeal)).fetch_optional(db).await)
}

/// Returns the active appeals like [`Store::active_appeals`], but as the transaction sees them.
///
/// # Errors
/// The database does not answer.
pub async fn active(tx: &mut Tx) -> Result<Vec<PublishedRow>, StoreError> {
    let sql =
        sqlx::AssertSqlSafe(format!("{PUBLISHED_WITH_BODY} AND p.state <> 'ended' ORDER BY p.appeal_id"));
    on_tx!(tx, db => sqlx::query_as(sql).fetch_all(db).await)
}

impl Store {
    /// Returns the newest publication of each appeal, ordered by id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn published_appeals(&self) -> Result<Vec<PublishedRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{PUBLISHED_WITH_BODY} ORDER BY p.appeal_id"));
        on_reader!(self, db => sqlx::query_as(sql).fetch_all(db).await)
    }

    /// Returns the newest publication of an appeal, or `None` if it was never published.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn published_appeal(&self, appeal: &str) -> Result<Option<PublishedRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{PUBLISHED_WITH_BODY} AND p.appeal_id = $1"));
        on_reader!(self, db => sqlx::query_as(sql).bind(searchable(appeal)).fetch_optional(db).await)
    }

    /// Returns the active appeals: each live or paused appeal in its published version.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn active_appeals(&self) -> Result<Vec<PublishedRow>, StoreError> {
        let sql =
            sqlx::AssertSqlSafe(format!("{PUBLISHED_WITH_BODY} AND p.state <> 'ended' ORDER BY p.appeal_id"));
        on_reader!(self, db => sqlx::query_as(sql).fetch_all(db).await)
    }

    /// Returns the newest version of each appeal, ordered by id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn newest_versions(&self) -> Result<Vec<VersionRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE {NEWEST} ORDER BY appeal_id"));
        on_reader!(self, db => sqlx::query_as(sql).fetch_all(db).await)
    }

    /// Returns every version of an appeal, newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn versions(&self, appeal: &str) -> Result<Vec<VersionRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE appeal_id = $1 ORDER BY version DESC"));
        on_reader!(self, db => sqlx::query_as(sql).bind(searchable(appeal)).fetch_all(db).await)
    }

    /// Returns one version of an appeal.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn version(&self, appeal: &str, version: i64) -> Result<Option<VersionRow>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{VERSION} WHERE appeal_id = $1 AND version = $2"));
        on_reader!(self, db => sqlx::query_as(sql).bind(searchable(appeal)).bind(version).fetch_optional(db).await)
    }
}
