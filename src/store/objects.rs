//! Stores facts (a fact is what Stripe said about an object), and which objects belong to the same gift.

use super::pages::Cursor;
use super::{Store, StoreError, Tx, Unreadable};
use crate::contributions::{Fact, Join};

/// Merges a new fact (`report`) into the stored fact about the same object. Also stores which other objects the new
/// fact names. Returns the stored fact as it was before.
///
/// # Errors
/// The database does not answer, or contains a fact that can't be read.
pub async fn add(tx: &mut Tx, report: Fact) -> Result<Option<Fact>, StoreError> {
    let id = report.id().to_owned();
    for link in report.links() {
        add_link(tx, &id, link).await?;
        add_link(tx, link, &id).await?;
    }
    let before = fact_about(tx, &id).await?;
    let fact = match before.clone() {
        Some(known) => known.join(report),
        None => report,
    };
    let text = serde_json::to_string(&fact).map_err(StoreError::corrupt)?;
    write_row!(tx, upsert "stripe_objects" by "id", {
        id: &id,
        fact: text,
        pending_since_s: fact.pending_since_s(),
    })?;
    Ok(before)
}

/// Selects the facts of one gift. (In SQLite, CROSS JOIN forces the plan to start with the gift. Otherwise SQLite
/// might read all objects in the requested order.)
const OF_THE_SAME_GIFT: &str = "WITH RECURSIVE gift (id) AS ( \
       SELECT CAST($1 AS TEXT) \
       UNION \
       SELECT stripe_links.to_id FROM gift CROSS JOIN stripe_links WHERE stripe_links.from_id = gift.id \
     ) \
     SELECT fact FROM gift CROSS JOIN stripe_objects WHERE stripe_objects.id = gift.id \
     ORDER BY stripe_objects.id";

/// Returns all facts of the gift that `object` belongs to, ordered by id.
///
/// # Errors
/// The database does not answer, or contains a fact that can't be read.
pub async fn facts_of_gift_with(tx: &mut Tx, object: &str) -> Result<Vec<Fact>, StoreError> {
    let texts: Vec<String> = on_tx!(tx, db => sqlx::query_scalar(OF_THE_SAME_GIFT)
        .bind(object)
        .fetch_all(db)
        .await)?;
    texts.iter().map(|text| Ok(parse_fact(text)?)).collect()
}

/// Returns the query for the facts of several gifts, which is like [`OF_THE_SAME_GIFT`]. `gift_query` is a query that
/// selects the ids of the gifts.
fn facts_query(gift_query: &str) -> String {
    format!(
        "WITH RECURSIVE gift (contribution, id) AS ( \
           SELECT id, id FROM contributions WHERE id IN ({gift_query}) \
           UNION \
           SELECT gift.contribution, stripe_links.to_id FROM gift CROSS JOIN stripe_links \
             WHERE stripe_links.from_id = gift.id \
         ) \
         SELECT gift.contribution, fact FROM gift CROSS JOIN stripe_objects WHERE stripe_objects.id = gift.id \
         ORDER BY stripe_objects.id"
    )
}

/// Returns all facts of the gifts whose ids `gift_query` selects between two cursors. Each fact comes with its gift's
/// id. In `gift_query`, the cursors' times are `$1` and `$3`, and their ids are `$2` and `$4`.
///
/// # Errors
/// The database does not answer, or contains a fact that can't be read.
pub(super) async fn facts_of_gifts(
    tx: &mut Tx,
    gift_query: &str,
    after: &Cursor,
    last: &Cursor,
) -> Result<Vec<(String, Fact)>, StoreError> {
    let sql = facts_query(gift_query);
    let rows: Vec<(String, String)> = on_tx!(tx, db => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.at_ms)
        .bind(&after.id)
        .bind(last.at_ms)
        .bind(&last.id)
        .fetch_all(db)
        .await)?;
    rows.into_iter().map(|(gift, text)| Ok((gift, parse_fact(&text)?))).collect()
}

/// Returns the stored fact about an object.
///
/// # Errors
/// The database does not answer, or contains a fact that can't be read.
pub async fn fact_about(tx: &mut Tx, id: &str) -> Result<Option<Fact>, StoreError> {
    let text: Option<String> = on_tx!(tx, db => sqlx::query_scalar("SELECT fact FROM stripe_objects WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await)?;
    text.map(|text| Ok(parse_fact(&text)?)).transpose()
}

async fn add_link(tx: &mut Tx, from: &str, to: &str) -> Result<(), StoreError> {
    write_row!(tx, insert_new "stripe_links" by "from_id, to_id", {
        from_id: from,
        to_id: to,
    })?;
    Ok(())
}

fn parse_fact(text: &str) -> Result<Fact, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable { what: "fact" })
}

/// Selects objects that can still change, ordered by when Stripe created them.
const PENDING: &str = "SELECT pending_since_s, fact FROM stripe_objects WHERE pending_since_s < $1 \
     AND (pending_since_s > $2 OR (pending_since_s = $2 AND id > $3)) ORDER BY pending_since_s, id LIMIT $4";

/// An object that can still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingObject {
    /// When Stripe created the object, in seconds since 1970; 0 if Stripe does not say.
    pub since_s: i64,
    /// The stored fact about the object.
    pub fact: Fact,
}

impl Store {
    /// Returns the first `limit` objects after the object `after` that can still change and that Stripe created
    /// before `before_s` (seconds since 1970). The oldest come first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn pending_objects(
        &self,
        before_s: i64,
        after: Option<&PendingObject>,
        limit: i64,
    ) -> Result<Vec<PendingObject>, StoreError> {
        let (after_s, after_id) = after.map_or((i64::MIN, ""), |object| (object.since_s, object.fact.id()));
        let rows: Vec<(i64, String)> = on_reader!(self, db => sqlx::query_as(PENDING)
            .bind(before_s)
            .bind(after_s)
            .bind(after_id)
            .bind(limit)
            .fetch_all(db)
            .await)?;
        rows.into_iter()
            .map(|(since_s, fact)| Ok(PendingObject { since_s, fact: parse_fact(&fact)? }))
            .collect()
    }

    /// Returns every fact, ordered by id.
    ///
    /// # Errors
    /// The database does not answer, or contains a fact that can't be read.
    pub async fn facts(&self) -> Result<Vec<Fact>, StoreError> {
        let texts: Vec<String> = on_reader!(self, db => sqlx::query_scalar("SELECT fact FROM stripe_objects ORDER BY id")
            .fetch_all(db)
            .await)?;
        texts.iter().map(|text| Ok(parse_fact(text)?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::super::dialect::{Pools, READ_TIMEOUT};
    use super::*;

    /// Returns SQLite's query plan for a statement, one line per table.
    async fn plan(store: &Store, sql: &str) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let Pools::Sqlite { reader, .. } = store.pools().unwrap() else {
            panic!("this test must run on SQLite")
        };
        let lease = &mut reader.acquire(READ_TIMEOUT).await.unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **lease).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>("detail")).collect()
    }

    #[tokio::test]
    async fn the_facts_of_a_gift_are_found_through_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("keepopen.db").display());
        let store = Store::open(&url).await.unwrap();
        for sql in [OF_THE_SAME_GIFT, &facts_query("SELECT id FROM contributions WHERE id > $2")] {
            let plan = plan(&store, sql).await;
            for table in ["stripe_objects", "stripe_links"] {
                let is_search = |line: &String| line.starts_with(&format!("SEARCH {table} "));
                let is_scan = |line: &String| line.starts_with(&format!("SCAN {table}"));
                assert!(plan.iter().any(is_search), "the plan must search {table} by its key: {plan:?}");
                assert!(!plan.iter().any(is_scan), "the plan must not scan {table}: {plan:?}");
            }
        }
        let pending = plan(&store, PENDING).await;
        assert!(
            pending.iter().any(|line| line.contains("INDEX stripe_objects_pending")),
            "the plan must use the index of pending objects: {pending:?}"
        );
        store.close().await;
    }
}
