//! Writes versions of appeals, and publishes them.

use std::collections::BTreeMap;

use keepopen_decision::Live;
use serde_json::{Map, Value};

use super::hear_of_appeals::read_all;
use crate::appeals::{AppealProblem, Draft, Snapshot};
use crate::config::SiteSettings;
use crate::store::appeals::{self, PublicationRow, VersionRow};
use crate::store::{Store, StoreError, Tx};

/// Who edits, where, and when.
#[derive(Clone, Copy)]
pub struct Editor<'a> {
    /// Where appeals are kept.
    pub store: &'a Store,
    /// The sites that they are for.
    pub sites: &'a BTreeMap<String, SiteSettings>,
    /// Who it is: an API key's id, or `command line`.
    pub by: &'a str,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Why an edit was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The appeal can't be used as it is written.
    #[error("the appeal can't be used as it is written")]
    Invalid(Vec<AppealProblem>),
    /// Somebody wrote a version in the meantime.
    #[error("the newest version is {0} by now")]
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

/// What came of saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The newest version's number.
    pub version: i64,
    /// Whether it was made just now; an appeal that did not change makes none.
    pub made: bool,
}

/// What must hold of an appeal's newest version (0: there is no such appeal) before it is changed. RFC 9110, section 13.1.
#[derive(Clone, Copy)]
pub struct Precondition<'a>(pub &'a (dyn Fn(i64) -> bool + Sync));

impl Precondition<'_> {
    /// Whatever the newest version is.
    pub const NONE: Self = Self(&|_| true);

    fn check(self, newest: i64) -> Result<(), EditError> {
        if (self.0)(newest) { Ok(()) } else { Err(EditError::NotTheNewest(newest)) }
    }
}

/// Keeps an appeal as a new version. It is checked, and not published.
///
/// # Errors
/// See [`EditError`].
pub async fn save_appeal(
    editor: Editor<'_>,
    id: &str,
    fields: Map<String, Value>,
    precondition: Precondition<'_>,
) -> Result<Saved, EditError> {
    let mut tx = editor.store.begin().await?;
    let saved = save(&mut tx, editor, id, fields, precondition).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn save(
    tx: &mut Tx,
    editor: Editor<'_>,
    id: &str,
    mut fields: Map<String, Value>,
    precondition: Precondition<'_>,
) -> Result<Saved, EditError> {
    fields.entry("id").or_insert_with(|| id.into());
    check(editor, id, &fields)?;
    let newest = appeals::newest(tx, id).await?;
    let number = newest.as_ref().map_or(0, |row| row.version);
    precondition.check(number)?;
    let same = newest.is_some_and(|row| {
        serde_json::from_str::<Map<String, Value>>(&row.body).is_ok_and(|kept| kept == fields)
    });
    if same {
        return Ok(Saved { version: number, made: false });
    }
    let row = VersionRow {
        appeal_id: id.to_owned(),
        version: number + 1,
        body: Value::Object(fields).to_string(),
        created_at_ms: editor.now_ms,
        created_by: editor.by.to_owned(),
    };
    appeals::add_version(tx, &row).await?;
    Ok(Saved { version: row.version, made: true })
}

/// Puts a version into force (the newest unless one is named); an older one rolls back.
///
/// # Errors
/// See [`EditError`].
pub async fn publish_appeal(
    editor: Editor<'_>,
    id: &str,
    version: Option<i64>,
    precondition: Precondition<'_>,
) -> Result<PublicationRow, EditError> {
    let mut tx = editor.store.begin().await?;
    let newest = appeals::newest(&mut tx, id).await?.ok_or(EditError::Unknown)?;
    precondition.check(newest.version)?;
    let published = publish(&mut tx, editor, newest, version).await?;
    tx.commit().await?;
    Ok(published)
}

async fn publish(
    tx: &mut Tx,
    editor: Editor<'_>,
    newest: VersionRow,
    version: Option<i64>,
) -> Result<PublicationRow, EditError> {
    let id = &newest.appeal_id.clone();
    let chosen = match version {
        None => newest,
        Some(number) if number == newest.version => newest,
        Some(number) => appeals::version(tx, id, number).await?.ok_or(EditError::UnknownVersion)?,
    };
    let draft = read_stored(editor, id, &chosen.body)?;
    has_time_to_run(editor, &draft)?;
    let before = problems_together(tx, editor).await?;
    let published = record(tx, editor, id, chosen.version, Live::Live).await?;
    check_together(tx, editor, &[id], &before).await?;
    Ok(published)
}

/// Pauses or ends what was published.
///
/// # Errors
/// See [`EditError`].
pub async fn set_appeal_aside(
    editor: Editor<'_>,
    id: &str,
    state: Live,
    precondition: Precondition<'_>,
) -> Result<PublicationRow, EditError> {
    let mut tx = editor.store.begin().await?;
    precondition.check(appeals::newest(&mut tx, id).await?.ok_or(EditError::Unknown)?.version)?;
    let now = appeals::published(&mut tx, id).await?.ok_or(EditError::NeverPublished)?;
    let published = record(&mut tx, editor, id, now.version, state).await?;
    tx.commit().await?;
    Ok(published)
}

/// Makes the store hold the appeals of a file: new versions where they differ, each in the state that its
/// `live` names. All of them, or none. Appeals that the file does not name stay as they are.
///
/// Where an appeal's `live_version` names an older version, that one is published and not the text of the file: an export of an appeal that was
/// rolled back, or has a newer draft, changes nothing when it is applied.
///
/// # Errors
/// See [`EditError`].
pub async fn apply_appeals(
    editor: Editor<'_>,
    mut appeals: Vec<Map<String, Value>>,
) -> Result<Vec<(String, Saved, Live)>, EditError> {
    let mut problems = Vec::new();
    let mut drafts = Vec::new();
    let live_versions: Vec<Option<Value>> =
        appeals.iter_mut().map(|fields| fields.shift_remove(LIVE_VERSION)).collect();
    for (place, fields) in appeals.iter().enumerate() {
        match Draft::read(fields.clone(), &format!("#{}", place + 1)) {
            Ok(draft) => drafts.push(draft),
            Err(problem) => problems.push(problem),
        }
    }
    problems = Snapshot::build(editor.sites, &drafts, problems).problems;
    if !problems.is_empty() {
        return Err(EditError::Invalid(problems));
    }
    let mut tx = editor.store.begin().await?;
    let before = problems_together(&mut tx, editor).await?;
    let mut done = Vec::new();
    for ((mut draft, mut fields), live_version) in drafts.into_iter().zip(appeals).zip(live_versions) {
        fields.shift_remove("live");
        let (id, wanted) = (draft.rules.id.clone(), draft.rules.live);
        let mut saved = save(&mut tx, editor, &id, fields, Precondition::NONE).await?;
        if let Some(live_version) = live_version {
            let older = older_version(&mut tx, &id, &live_version).await?;
            draft = read_stored(editor, &id, &older.body)?;
            saved.version = older.version;
        }
        let now = appeals::published(&mut tx, &id).await?;
        // What was in force once can't be a draft again, but it can be held back.
        let state = match wanted {
            Live::Draft if now.is_some() => Live::Paused,
            // Its schedule, which was checked above, says the rest.
            Live::Scheduled => Live::Live,
            other => other,
        };
        let is_so = now.is_some_and(|row| row.version == saved.version && row.state == state.as_str());
        if !is_so && state != Live::Draft {
            // What is live already may be past its end: an exported file can be applied again.
            if state == Live::Live {
                has_time_to_run(editor, &draft)?;
            }
            record(&mut tx, editor, &id, saved.version, state).await?;
        }
        done.push((id, saved, state));
    }
    let ids: Vec<&str> = done.iter().map(|(id, _, _): &(String, _, _)| id.as_str()).collect();
    check_together(&mut tx, editor, &ids, &before).await?;
    tx.commit().await?;
    Ok(done)
}

/// The field of an exported appeal that names the version which was published, where that is not the newest.
pub const LIVE_VERSION: &str = "live_version";

/// The version that an exported appeal says is live.
async fn older_version(tx: &mut Tx, id: &str, number: &Value) -> Result<VersionRow, EditError> {
    let found = match number.as_i64() {
        Some(number) => appeals::version(tx, id, number).await?,
        None => None,
    };
    let sentence = || {
        format!("there is no version {number} of it here. Remove the line to publish the text of the file.")
    };
    found.ok_or_else(|| {
        let field = LIVE_VERSION.to_owned();
        EditError::Invalid(vec![AppealProblem { appeal: id.to_owned(), field, sentence: sentence() }])
    })
}

/// Reads and checks a stored version: the sites' settings may be others than when it was written.
fn read_stored(editor: Editor<'_>, id: &str, body: &str) -> Result<Draft, EditError> {
    let fields = serde_json::from_str(body).map_err(StoreError::corrupt)?;
    check(editor, id, &fields)
}

async fn record(
    tx: &mut Tx,
    editor: Editor<'_>,
    id: &str,
    version: i64,
    state: Live,
) -> Result<PublicationRow, EditError> {
    let row = PublicationRow {
        appeal_id: id.to_owned(),
        version,
        state: state.as_str().to_owned(),
        published_at_ms: editor.now_ms,
        published_by: editor.by.to_owned(),
    };
    appeals::publish(tx, &row).await?;
    Ok(row)
}

/// Refuses to put into force what would be over at once.
fn has_time_to_run(editor: Editor<'_>, draft: &Draft) -> Result<(), EditError> {
    let problems = Snapshot::past_ends(editor.sites, draft, editor.now_ms);
    if problems.is_empty() { Ok(()) } else { Err(EditError::Invalid(problems)) }
}

/// Refuses what would keep one of these appeals, or any other, from showing beside the others that are published: the former id of one
/// that still shows, say. The compiler that activates them decides that. `before` are the problems that there were already.
async fn check_together(
    tx: &mut Tx,
    editor: Editor<'_>,
    ids: &[&str],
    before: &[AppealProblem],
) -> Result<(), EditError> {
    let mut problems = problems_together(tx, editor).await?;
    problems.retain(|problem| ids.contains(&problem.appeal.as_str()) || !before.contains(problem));
    if problems.is_empty() { Ok(()) } else { Err(EditError::Invalid(problems)) }
}

/// What is wrong with the published appeals, as the transaction sees them.
async fn problems_together(tx: &mut Tx, editor: Editor<'_>) -> Result<Vec<AppealProblem>, EditError> {
    let (drafts, problems) = read_all(&appeals::in_force(tx).await?);
    Ok(Snapshot::build(editor.sites, &drafts, problems).problems)
}

/// Everything that is wrong with one appeal by itself.
fn check(editor: Editor<'_>, id: &str, fields: &Map<String, Value>) -> Result<Draft, EditError> {
    let problem = |field: &str, sentence: String| AppealProblem {
        appeal: id.to_owned(),
        field: field.to_owned(),
        sentence,
    };
    let mut problems = Vec::new();
    if fields.contains_key("live") {
        problems
            .push(problem("live", "leave it out: an appeal is put into force by publishing it.".to_owned()));
    }
    let draft = match Draft::read(fields.clone(), id) {
        Ok(draft) => draft,
        Err(found) => {
            problems.push(found);
            return Err(EditError::Invalid(problems));
        }
    };
    if draft.rules.id != id {
        problems.push(problem("id", format!("it is {id:?} here; write the same, or leave it out.")));
    } else {
        problems = Snapshot::build(editor.sites, std::slice::from_ref(&draft), problems).problems;
    }
    if problems.is_empty() { Ok(draft) } else { Err(EditError::Invalid(problems)) }
}
