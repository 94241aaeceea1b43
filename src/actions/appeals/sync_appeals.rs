//! Loads appeals and switches that were changed on this instance or another one.

use keepopen_decision::Live;

use super::activate_snapshot::activate_snapshot;
use crate::app::App;
use crate::appeals::{AppealDocument, AppealProblem};
use crate::store::appeals::PublishedRow;
use crate::store::switches::by_site;
use crate::store::{Store, StoreError};

/// Activates the published appeals and the switches in the database, if any of them changed since the last call. If an
/// appeals file is configured, only the switches are read from the database.
///
/// # Errors
/// The database does not answer.
pub async fn sync_appeals(app: &App) -> Result<(), StoreError> {
    sync(app, |known, now| known != now).await
}

/// Activates the published appeals in the database, whether or not they changed.
///
/// # Errors
/// The database does not answer.
pub(in crate::actions) async fn reload_appeals(app: &App) -> Result<(), StoreError> {
    sync(app, |_, _| true).await
}

/// Activates the switches and the published appeals, each only if `has_changed` returns true for it. The arguments of
/// `has_changed` are the number of changes at the last read, and the number of changes now. `publications` is the
/// number of changes of published appeals, and `turns` is the number of changes of switches.
async fn sync(app: &App, has_changed: fn(i64, i64) -> bool) -> Result<(), StoreError> {
    let _guard = app.refresh_lock.lock().await;
    let (publications, turns) = app.store.changes().await?;
    let (known_publications, known_turns) = {
        let snapshot_inputs = app.snapshot_inputs();
        (snapshot_inputs.last_good().publications, snapshot_inputs.last_good().turns)
    };
    let mut switches_differ = false;
    if has_changed(known_turns, turns) {
        let rows = app.store.switches().await?;
        let switches = by_site(&rows)?;
        // At a start, the switches are usually unchanged. The snapshot is then not compiled a second time.
        switches_differ =
            switches != std::mem::replace(&mut app.snapshot_inputs().switches, switches.clone());
        app.update_last_good(|last_good| (last_good.turns, last_good.switches) = (turns, rows));
        if turns > 0 {
            tracing::info!(turns, "switches are active");
        }
    }
    if app.settings.appeals.file.is_none() && has_changed(known_publications, publications) {
        let rows = app.store.active_appeals().await?;
        activate_published(app, &rows, publications);
        app.update_last_good(|last_good| {
            (last_good.publications, last_good.appeals) = (publications, rows);
        });
    } else if switches_differ {
        activate_snapshot(app, |_| {});
    }
    Ok(())
}

/// Activates published appeals. `publication_count` is the number of publications so far.
pub(in crate::actions) fn activate_published(app: &App, rows: &[PublishedRow], publication_count: i64) {
    let (documents, problems) = read_all(rows);
    activate_snapshot(app, |snapshot_inputs| {
        (snapshot_inputs.documents, snapshot_inputs.problems, snapshot_inputs.publication_count) =
            (documents, problems, publication_count);
    });
}

/// Reads the active appeals from the database. Also returns the problems of appeals that can't be read.
///
/// # Errors
/// The database does not answer.
pub async fn read_active_appeals(
    store: &Store,
) -> Result<(Vec<AppealDocument>, Vec<AppealProblem>), StoreError> {
    Ok(read_all(&store.active_appeals().await?))
}

/// Parses published appeals, and collects the problems of those that can't be read.
pub(in crate::actions) fn read_all(rows: &[PublishedRow]) -> (Vec<AppealDocument>, Vec<AppealProblem>) {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for row in rows {
        match read_published(row) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    (documents, problems)
}

/// Parses a published appeal, and gives it the state in which it was published.
///
/// # Errors
/// This version of the program can't read the appeal, or does not know its state.
pub fn read_published(row: &PublishedRow) -> Result<AppealDocument, AppealProblem> {
    let live = Live::parse(&row.state).ok_or_else(|| AppealProblem {
        appeal: row.appeal_id.clone(),
        field: "live".to_owned(),
        sentence: format!("{:?} is not a state that this version knows.", row.state),
    })?;
    AppealDocument::read_version(&row.appeal_id, &row.body, live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appeal_in_an_unknown_state_is_skipped_and_reported() {
        let mut row = PublishedRow {
            appeal_id: "summer".to_owned(),
            version: 1,
            state: "live".to_owned(),
            published_at_ms: 0,
            body: r#"{"id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"],
                "variants": [{"id": "a", "copy": {"heading": "Help"}}]}"#
                .to_owned(),
        };
        assert_eq!(read_published(&row).unwrap().rules.live, Live::Live);
        row.state = "resting".to_owned();
        let problem = read_published(&row).unwrap_err();
        assert_eq!((problem.appeal.as_str(), problem.field.as_str()), ("summer", "live"));
        assert!(problem.sentence.contains("resting"), "{problem}");
    }
}
