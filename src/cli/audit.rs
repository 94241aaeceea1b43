//! `keepopen audit`: lists the audit log, which records who changed what.

use std::io::Write;

use clap::Subcommand;

use super::{CommandError, runtime, say};
use crate::clock::{parse_time_ms, rfc3339};
use crate::csv;
use crate::sites::Settings;
use crate::store::Store;
use crate::store::audit::{AuditFilter, AuditRow};

#[derive(Subcommand)]
pub enum Verb {
    /// List changes, newest first, one per line: number, time, actor, action, object, changed fields, request.
    List(Filter),
}

#[derive(clap::Args)]
pub struct Filter {
    /// Only changes at or after this day (2026-01-31, UTC) or time (2026-01-31T08:00:00Z).
    #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
    since: Option<i64>,
    /// Only changes before this day or time.
    #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
    until: Option<i64>,
    /// Only changes by this kind of actor (operator, api_key, job, stripe), or by the actor with this id.
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as appeal.publish.
    #[arg(long)]
    action: Option<String>,
    /// Only changes of this kind of object (appeal, switch, api_key, alarm, endpoint), or of the object with this id.
    #[arg(long)]
    object: Option<String>,
    /// The maximum number of changes.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
    /// Print CSV, with a header line. The column `changes` contains a JSON list of the changed fields.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    let Verb::List(filter) = verb;
    let audit_filter = AuditFilter {
        from_ms: filter.since,
        to_ms: filter.until,
        actor: filter.actor.clone(),
        action: filter.action.clone(),
        object: filter.object.clone(),
    };
    let rows = runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let rows = store.audit_log(&audit_filter, None, i64::from(filter.limit)).await;
        store.close().await;
        Ok::<_, CommandError>(rows?)
    })?;
    if filter.json {
        return rows.iter().try_for_each(|row| say(&serde_json::to_string(&json(row)?)?));
    }
    if filter.csv {
        let lines: String = rows.iter().map(csv_line).collect();
        return std::io::stdout().write_all(format!("{COLUMNS}{lines}").as_bytes()).map_err(Into::into);
    }
    if rows.is_empty() {
        return say("No changes match.");
    }
    rows.iter().try_for_each(|row| say(&line(row)?))
}

/// A change as JSON, in the shape of `GET /v1/audit`.
fn json(row: &AuditRow) -> Result<serde_json::Value, CommandError> {
    let changes: serde_json::Value = serde_json::from_str(&row.changes)?;
    Ok(serde_json::json!({
        "number": row.seq, "at": rfc3339(row.at_ms), "actor": row.actor, "actor_id": row.actor_id,
        "actor_role": row.actor_role, "action": row.action, "object_type": row.object_type,
        "object_id": row.object_id, "changes": changes, "request_id": row.request_id,
    }))
}

/// The header of the CSV output: the names of the columns of [`csv_line`].
const COLUMNS: &str =
    "number,at,actor,actor_id,actor_role,action,object_type,object_id,changes,request_id\r\n";

fn csv_line(row: &AuditRow) -> String {
    let optional = |value: &Option<String>| value.as_deref().map_or_else(String::new, csv::text);
    csv::line(&[
        row.seq.to_string(),
        rfc3339(row.at_ms),
        csv::text(&row.actor),
        optional(&row.actor_id),
        optional(&row.actor_role),
        csv::text(&row.action),
        csv::text(&row.object_type),
        csv::text(&row.object_id),
        csv::text(&row.changes),
        optional(&row.request_id),
    ])
}

fn line(row: &AuditRow) -> Result<String, CommandError> {
    let actor = match (&row.actor_id, &row.actor_role) {
        (Some(id), Some(role)) => format!("{} {id} ({role})", row.actor),
        (Some(id), None) => format!("{} {id}", row.actor),
        (None, _) => row.actor.clone(),
    };
    let changes: Vec<serde_json::Value> = serde_json::from_str(&row.changes)?;
    let changes: Vec<String> = changes.iter().map(change_text).collect::<Result<_, _>>()?;
    let changes = if changes.is_empty() { String::new() } else { format!("  {}", changes.join(", ")) };
    let request = row.request_id.as_ref().map_or_else(String::new, |id| format!("  request {id}"));
    let (number, at) = (row.seq, rfc3339(row.at_ms));
    Ok(format!("{number}  {at}  {actor}  {}  {}{changes}{request}", row.action, row.object_id))
}

/// A changed field as text, for example `state: "paused" -> "live"`. The values are omitted if the field may hold
/// personal data.
fn change_text(field: &serde_json::Value) -> Result<String, CommandError> {
    let name = field["field"].as_str().ok_or("an audit row has a change without the field's name")?;
    Ok(if field["personal"].as_bool() == Some(true) {
        format!("{name} (value not stored)")
    } else if field["before"].is_null() {
        format!("{name}: {}", field["after"])
    } else {
        format!("{name}: {} -> {}", field["before"], field["after"])
    })
}
