//! Lists the audit log, one page at a time.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Query;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::caller::AuditReader;
use crate::clock::{parse_time_ms, rfc3339};
use crate::store::StoreError;
use crate::store::audit::{AuditFilter, AuditRow};
use crate::web::State;
use crate::web::problem::{Code, Problem};

/// The default number of changes on a page.
const DEFAULT_LIMIT: u32 = 50;
/// The maximum number of changes on a page.
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only changes at this time or later: RFC 3339, or a day (`2026-01-31`), which begins at midnight UTC.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only changes before this time or day.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only changes by this kind of actor, such as `api_key`, or by the actor with this id, such as `key_…`.
    #[param(example = "api_key")]
    actor: Option<String>,
    /// Only changes with this action.
    #[param(example = "appeal.publish")]
    action: Option<String>,
    /// Only changes to this kind of object, such as `appeal`, or to the object with this id.
    #[param(example = "appeal")]
    object: Option<String>,
    /// The number of changes on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` value of the previous page.
    #[param(minimum = 1)]
    after: Option<i64>,
}

/// A page of changes, newest first.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AuditLog)]
struct AuditShape {
    /// The changes.
    changes: Vec<ChangeShape>,
    /// Send it as `after` to get the next page; null on the last page.
    next: Option<i64>,
}

/// One change: who changed what.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AuditedChange)]
struct ChangeShape {
    /// The change's position in the log, counted from 1.
    number: i64,
    /// When the change was made, RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// What kind of actor made the change: `reader`, `supporter`, `api_key`, `staff`, `operator` (the command line),
    /// `job` or `stripe`.
    #[schema(example = "api_key")]
    actor: String,
    /// The actor's id, or the job's name. Null for the command line, Stripe and unknown readers.
    actor_id: Option<String>,
    /// The role of a staff member when they made the change. Null for other actors. There are no staff accounts yet.
    actor_role: Option<String>,
    /// What was done.
    #[schema(example = "appeal.publish")]
    action: String,
    /// What kind of object was changed.
    #[schema(example = "appeal")]
    object_type: String,
    /// The object's id.
    object_id: String,
    /// The fields that changed, each with its values `before` and `after`. If a field may hold personal data, the
    /// values are omitted and `personal` is true.
    #[schema(value_type = Vec<Object>)]
    changes: Value,
    /// The id of the HTTP request (`X-Request-Id`); null if there was none.
    request_id: Option<String>,
}

/// List who changed what, newest first.
///
/// Needs a secret API key of scope `audit:read`. The log contains ids but no other personal data. It does not contain
/// what Stripe reports. For that, see the ledger, which names the cause of every entry.
#[utoipa::path(
    tag = "Audit",
    operation_id = "list_audit",
    security(("api_key" = [])),
    params(AuditQuery),
    responses((
        status = 200, body = AuditShape, description = "A page of changes",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/audit")]
pub async fn list(
    app: State,
    _: AuditReader,
    query: Result<Query<AuditQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?.into_inner();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::with(Code::InvalidRequest, format!("limit: must be from 1 to {MAX_LIMIT}")));
    }
    let filter = AuditFilter {
        from_ms: query.from.map(|text| parse_time("from", &text)).transpose()?,
        to_ms: query.to.map(|text| parse_time("to", &text)).transpose()?,
        actor: query.actor.map(|text| reject_nul("actor", text)).transpose()?,
        action: query.action.map(|text| reject_nul("action", text)).transpose()?,
        object: query.object.map(|text| reject_nul("object", text)).transpose()?,
    };
    // Reads one row more than the page shows, to find out whether there is a next page.
    let rows = app.store.audit_log(&filter, query.after, i64::from(limit) + 1).await;
    let mut rows = rows.map_err(|error| Problem::store(&error))?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|last| last.seq);
    let changes = rows.into_iter().map(ChangeShape::try_from).collect::<Result<_, _>>();
    let changes = changes.map_err(|error| Problem::store(&StoreError::corrupt(error)))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(AuditShape { changes, next }))
}

impl TryFrom<AuditRow> for ChangeShape {
    type Error = serde_json::Error;

    fn try_from(row: AuditRow) -> Result<Self, serde_json::Error> {
        Ok(Self {
            number: row.seq,
            at: rfc3339(row.at_ms),
            actor: row.actor,
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            changes: serde_json::from_str(&row.changes)?,
            request_id: row.request_id,
        })
    }
}

fn parse_time(name: &str, text: &str) -> Result<i64, Problem> {
    parse_time_ms(text).map_err(|error| Problem::with(Code::InvalidRequest, format!("{name}: {error}")))
}

/// Rejects a text with a NUL character, because PostgreSQL does not accept this character in a text.
fn reject_nul(name: &str, text: String) -> Result<String, Problem> {
    if text.contains('\0') {
        return Err(Problem::with(Code::InvalidRequest, format!("{name}: must not contain a NUL character")));
    }
    Ok(text)
}
