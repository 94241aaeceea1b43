//! Stores the audit log: who changed what, on which object, when. A row is added in the transaction of the change.

use super::{Store, StoreError, Tx, rows};

row! {
    /// One change.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct AuditRow {
        /// The position of the change in the log, counted from 1.
        pub seq: i64,
        /// When the change was made, in milliseconds since 1970.
        pub at_ms: i64,
        /// The kind of actor: `reader`, `supporter`, `api_key`, `staff`, `operator`, `job` or `stripe`.
        pub actor: String,
        /// The actor's id: the id of a supporter, key or staff member, or the name of a job.
        pub actor_id: Option<String>,
        /// The role of a staff member at that time.
        pub actor_role: Option<String>,
        /// The action, such as `appeal.publish`.
        pub action: String,
        /// The kind of object that was changed, such as `appeal`.
        pub object_type: String,
        /// The object's id.
        pub object_id: String,
        /// A JSON list of fields, each with its values before and after. A field with personal data has no values.
        pub changes: String,
        /// The id of the HTTP request, if there was one.
        pub request_id: Option<String>,
    }
}

/// Chooses the rows to read.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only changes at or after this time (milliseconds since 1970).
    pub from_ms: Option<i64>,
    /// Only changes before this time.
    pub to_ms: Option<i64>,
    /// Only changes by this kind of actor, or by the actor with this id.
    pub actor: Option<String>,
    /// Only changes by this action, such as `appeal.publish`.
    pub action: Option<String>,
    /// Only changes of objects of this kind, or of the object with this id.
    pub object: Option<String>,
}

/// Appends a row; its `seq` is ignored. Only one writing transaction runs at a time, so the numbers have no gaps and
/// follow the order of the commits.
///
/// # Errors
/// See [`StoreError`].
pub async fn append(tx: &mut Tx, row: AuditRow) -> Result<(), StoreError> {
    let last: Option<i64> =
        on_tx!(&mut *tx, db => sqlx::query_scalar("SELECT MAX(seq) FROM audit_log").fetch_one(db).await)?;
    let row = AuditRow { seq: last.unwrap_or(0) + 1, ..row };
    let sql = rows::insert("audit_log", AuditRow::COLUMNS);
    on_tx!(tx, db => row.bind_to(sqlx::query(sql)).execute(db).await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns up to `limit` changes before a position in the log, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn audit_log(
        &self,
        filter: &AuditFilter,
        before_seq: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let sql = rows::select_from(
            "audit_log",
            AuditRow::COLUMNS,
            "WHERE seq < $1 AND at_ms >= $2 AND at_ms < $3 \
             AND (CAST($4 AS TEXT) IS NULL OR actor = $4 OR actor_id = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR action = $5) \
             AND (CAST($6 AS TEXT) IS NULL OR object_type = $6 OR object_id = $6) \
             ORDER BY seq DESC LIMIT $7",
        );
        on_reader!(self, db => sqlx::query_as(sql)
            .bind(before_seq.unwrap_or(i64::MAX))
            .bind(filter.from_ms.unwrap_or(i64::MIN))
            .bind(filter.to_ms.unwrap_or(i64::MAX))
            .bind(filter.actor.as_deref())
            .bind(filter.action.as_deref())
            .bind(filter.object.as_deref())
            .bind(limit)
            .fetch_all(db)
            .await)
    }
}
