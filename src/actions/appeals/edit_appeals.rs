//! Saves versions of appeals, and publishes them.

use keepopen_decision::Live;
use serde_json::{Map, Value};

use super::sync_appeals::read_all;
use crate::app::{Change, Context};
use crate::appeals::{AppealDocument, AppealProblem, Snapshot};
use crate::store::appeals::{self, PublicationRow, VersionRow};
use crate::store::{StoreError, Tx};

/// Why an edit was rejected.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The appeal is invalid.
    #[error("the appeal is invalid")]
    Invalid(Vec<AppealProblem>),
    /// Somebody else saved a newer version, which has this number.
    #[error("the newest version is now {0}")]
    NotTheNewest(i64),
    /// There is no such appeal.
    #[error("there is no such appeal")]
    Unknown,
    /// The appeal has no such version.
    #[error("the appeal has no such version")]
    UnknownVersion,
    /// The appeal was never published.
    #[error("the appeal was never published")]
    NeverPublished,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The number of the newest version.
    pub version: i64,
    /// Whether saving created this version. Saving an unchanged appeal creates no version.
    pub is_new_version: bool,
}

impl Saved {
    /// Returns the entry for the audit log. `None` if saving created no version.
    fn change(self, id: &str) -> Option<Change> {
        let before = Some(self.version - 1).filter(|before| *before > 0);
        self.is_new_version.then(|| Change::new("appeal.save", id).field("version", before, self.version))
    }
}

/// A condition that an appeal's newest version must meet before the appeal is changed (RFC 9110, section 13.1). The
/// version is 0 if there is no such appeal.
#[derive(Clone, Copy)]
pub struct Precondition<'a>(pub &'a (dyn Fn(i64) -> bool + Sync));

impl Precondition<'_> {
    /// The condition that every version meets.
    pub const NONE: Self = Self(&|_| true);

    fn check(self, newest: i64) -> Result<(), EditError> {
        if (self.0)(newest) { Ok(()) } else { Err(EditError::NotTheNewest(newest)) }
    }
}

/// Saves an appeal as a new version. The appeal is checked, but not published.
///
/// # Errors
/// See [`EditError`].
pub async fn save_appeal(
    context: &Context<'_>,
    id: &str,
    fields: Map<String, Value>,
    precondition: Precondition<'_>,
) -> Result<Saved, EditError> {
    let mut tx = context.change().await?;
    let saved = save(&mut tx, context, id, fields, precondition).await?;
    tx.commit(saved.change(id)).await?;
    Ok(saved)
}

/// Saves an appeal within a transaction, as [`save_appeal`] does.
async fn save(
    tx: &mut Tx,
    context: &Context<'_>,
    id: &str,
    mut fields: Map<String, Value>,
    precondition: Precondition<'_>,
) -> Result<Saved, EditError> {
    fields.entry("id").or_insert_with(|| id.into());
    check(context, id, &fields)?;
    let newest = appeals::newest(tx, id).await?;
    let number = newest.as_ref().map_or(0, |row| row.version);
    precondition.check(number)?;
    let is_unchanged = newest.is_some_and(|row| {
        serde_json::from_str::<Map<String, Value>>(&row.body).is_ok_and(|stored| stored == fields)
    });
    if is_unchanged {
        return Ok(Saved { version: number, is_new_version: false });
    }
    let row = VersionRow {
        appeal_id: id.to_owned(),
        version: number + 1,
        body: Value::Object(fields).to_string(),
        created_at_ms: context.now_ms(),
        created_by: context.actor.label().to_owned(),
    };
    appeals::add_version(tx, &row).await?;
    Ok(Saved { version: row.version, is_new_version: true })
}

/// Publishes the named version of an appeal, or the newest if none is named. To roll back, publish an older version.
///
/// # Errors
/// See [`EditError`].
pub async fn publish_appeal(
    context: &Context<'_>,
    id: &str,
    version: Option<i64>,
    precondition: Precondition<'_>,
) -> Result<PublicationRow, EditError> {
    let mut tx = context.change().await?;
    let newest = appeals::newest(&mut tx, id).await?.ok_or(EditError::Unknown)?;
    precondition.check(newest.version)?;
    let (published, change) = publish(&mut tx, context, newest, version).await?;
    tx.commit([change]).await?;
    Ok(published)
}

/// Publishes an appeal within a transaction. Also returns the entry for the audit log.
async fn publish(
    tx: &mut Tx,
    context: &Context<'_>,
    newest: VersionRow,
    version: Option<i64>,
) -> Result<(PublicationRow, Change), EditError> {
    let id = &newest.appeal_id.clone();
    let chosen = match version {
        None => newest,
        Some(number) if number == newest.version => newest,
        Some(number) => appeals::version(tx, id, number).await?.ok_or(EditError::UnknownVersion)?,
    };
    let document = read_stored(context, id, &chosen.body)?;
    reject_if_ended(context, &document)?;
    let before = problems_of_published(tx, context).await?;
    let published = record_publication(tx, context, id, chosen.version, Live::Live).await?;
    reject_new_conflicts(tx, context, &[id], &before).await?;
    Ok(published)
}

/// Pauses or ends a published appeal.
///
/// # Errors
/// See [`EditError`].
pub async fn pause_or_end(
    context: &Context<'_>,
    id: &str,
    state: Live,
    precondition: Precondition<'_>,
) -> Result<PublicationRow, EditError> {
    let mut tx = context.change().await?;
    precondition.check(appeals::newest(&mut tx, id).await?.ok_or(EditError::Unknown)?.version)?;
    let current = appeals::published(&mut tx, id).await?.ok_or(EditError::NeverPublished)?;
    let (published, change) = record_publication(&mut tx, context, id, current.version, state).await?;
    tx.commit([change]).await?;
    Ok(published)
}

/// Saves the appeals of a file. An appeal that differs from its newest version gets a new version. Each appeal is put
/// into the state that its `live` field names. If one of these changes fails, nothing is changed. Appeals that are not
/// in the file stay as they are.
///
/// If an appeal has a `live_version` field, that older version is published instead of the file's text. So applying
/// an exported file changes nothing, even if an appeal was rolled back or has a newer draft.
///
/// # Errors
/// See [`EditError`].
pub async fn apply_appeals(
    context: &Context<'_>,
    mut appeals: Vec<Map<String, Value>>,
) -> Result<Vec<(String, Saved, Live)>, EditError> {
    let mut problems = Vec::new();
    let mut documents = Vec::new();
    let live_versions: Vec<Option<Value>> =
        appeals.iter_mut().map(|fields| fields.shift_remove(LIVE_VERSION)).collect();
    for (index, fields) in appeals.iter().enumerate() {
        match AppealDocument::read(fields.clone(), &format!("#{}", index + 1)) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    problems = Snapshot::build(&context.settings.sites, &documents, problems).problems;
    if !problems.is_empty() {
        return Err(EditError::Invalid(problems));
    }
    let mut tx = context.change().await?;
    let before = problems_of_published(&mut tx, context).await?;
    let (mut saved_appeals, mut changes) = (Vec::new(), Vec::new());
    for ((mut document, mut fields), live_version) in documents.into_iter().zip(appeals).zip(live_versions) {
        fields.shift_remove("live");
        let (id, wanted_state) = (document.rules.id.clone(), document.rules.live);
        let mut saved = save(&mut tx, context, &id, fields, Precondition::NONE).await?;
        changes.extend(saved.change(&id));
        if let Some(live_version) = live_version {
            let older = older_version(&mut tx, &id, &live_version).await?;
            document = read_stored(context, &id, &older.body)?;
            saved.version = older.version;
        }
        let current = appeals::published(&mut tx, &id).await?;
        // An appeal that was published can't be a draft again, but it can be paused.
        let state = match wanted_state {
            Live::Draft if current.is_some() => Live::Paused,
            // The appeal's schedule, which was checked above, decides when it is shown.
            Live::Scheduled => Live::Live,
            other => other,
        };
        let is_already_published =
            current.is_some_and(|row| row.version == saved.version && row.state == state.as_str());
        if !is_already_published && state != Live::Draft {
            // This check does not apply to an appeal that was already live. So an exported file can be applied again
            // after one of its appeals has ended.
            if state == Live::Live {
                reject_if_ended(context, &document)?;
            }
            changes.push(record_publication(&mut tx, context, &id, saved.version, state).await?.1);
        }
        saved_appeals.push((id, saved, state));
    }
    let ids: Vec<&str> = saved_appeals.iter().map(|(id, _, _): &(String, _, _)| id.as_str()).collect();
    reject_new_conflicts(&mut tx, context, &ids, &before).await?;
    tx.commit(changes).await?;
    Ok(saved_appeals)
}

/// The field of an exported appeal that names the published version. It is present only if a newer version exists.
pub const LIVE_VERSION: &str = "live_version";

/// Returns the version that an exported appeal names as live.
async fn older_version(tx: &mut Tx, id: &str, number: &Value) -> Result<VersionRow, EditError> {
    let found = match number.as_i64() {
        Some(number) => appeals::version(tx, id, number).await?,
        None => None,
    };
    let sentence = || {
        format!("there is no version {number} of this appeal. Remove this line to publish the file's text.")
    };
    found.ok_or_else(|| {
        let field = LIVE_VERSION.to_owned();
        EditError::Invalid(vec![AppealProblem { appeal: id.to_owned(), field, sentence: sentence() }])
    })
}

/// Reads and checks a stored version. It may have become invalid, because the sites' settings can have changed since
/// it was saved.
fn read_stored(context: &Context<'_>, id: &str, body: &str) -> Result<AppealDocument, EditError> {
    let fields = serde_json::from_str(body).map_err(StoreError::corrupt)?;
    check(context, id, &fields)
}

/// Stores which version of an appeal is published, and in which state. Returns the stored row and the entry for the
/// audit log.
async fn record_publication(
    tx: &mut Tx,
    context: &Context<'_>,
    id: &str,
    version: i64,
    state: Live,
) -> Result<(PublicationRow, Change), EditError> {
    let before = appeals::published(tx, id).await?;
    let row = PublicationRow {
        appeal_id: id.to_owned(),
        version,
        state: state.as_str().to_owned(),
        published_at_ms: context.now_ms(),
        published_by: context.actor.label().to_owned(),
    };
    appeals::publish(tx, &row).await?;
    let action = match state {
        Live::Paused => "appeal.pause",
        Live::Ended => "appeal.end",
        Live::Draft | Live::Scheduled | Live::Live => "appeal.publish",
    };
    let change = Change::new(action, id)
        .field("version", before.as_ref().map(|row| row.version), version)
        .field("state", before.map(|row| row.state), state.as_str());
    Ok((row, change))
}

/// Rejects the publication of an appeal that has already ended.
fn reject_if_ended(context: &Context<'_>, document: &AppealDocument) -> Result<(), EditError> {
    let problems = Snapshot::problems_of_past_end(&context.settings.sites, document, context.now_ms());
    if problems.is_empty() { Ok(()) } else { Err(EditError::Invalid(problems)) }
}

/// Rejects an edit that makes published appeals conflict. For example, an appeal can't use the id of a shown appeal as
/// its former id. [`Snapshot::build`] finds the conflicts. `before` contains the problems that existed before the edit.
/// They are ignored, except those of the edited appeals (`ids`).
async fn reject_new_conflicts(
    tx: &mut Tx,
    context: &Context<'_>,
    ids: &[&str],
    before: &[AppealProblem],
) -> Result<(), EditError> {
    let mut problems = problems_of_published(tx, context).await?;
    problems.retain(|problem| ids.contains(&problem.appeal.as_str()) || !before.contains(problem));
    if problems.is_empty() { Ok(()) } else { Err(EditError::Invalid(problems)) }
}

/// Returns the problems of all published appeals, including those that this transaction publishes.
async fn problems_of_published(tx: &mut Tx, context: &Context<'_>) -> Result<Vec<AppealProblem>, EditError> {
    let (documents, problems) = read_all(&appeals::active(tx).await?);
    Ok(Snapshot::build(&context.settings.sites, &documents, problems).problems)
}

/// Parses an appeal and checks it without regard to other appeals. Fails with every problem that it finds.
fn check(context: &Context<'_>, id: &str, fields: &Map<String, Value>) -> Result<AppealDocument, EditError> {
    let problem = |field: &str, sentence: String| AppealProblem {
        appeal: id.to_owned(),
        field: field.to_owned(),
        sentence,
    };
    let mut problems = Vec::new();
    if fields.contains_key("live") {
        problems.push(problem("live", "remove it: publishing an appeal makes it live.".to_owned()));
    }
    let document = match AppealDocument::read(fields.clone(), id) {
        Ok(document) => document,
        Err(found) => {
            problems.push(found);
            return Err(EditError::Invalid(problems));
        }
    };
    if document.rules.id != id {
        problems.push(problem("id", format!("the URL says {id:?}; write the same id, or remove it.")));
    } else {
        problems =
            Snapshot::build(&context.settings.sites, std::slice::from_ref(&document), problems).problems;
    }
    if problems.is_empty() { Ok(document) } else { Err(EditError::Invalid(problems)) }
}
