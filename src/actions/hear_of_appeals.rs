//! Hears what was published, here or on another instance.

use keepopen_decision::Live;

use super::put_into_force::put_into_force;
use crate::app::{App, InForce};
use crate::appeals::{AppealProblem, Draft};
use crate::store::Store;

/// Puts into force what the store has, when something was published since.
/// Where an appeals file is configured, that file alone counts.
///
/// # Errors
/// The database does not answer.
pub async fn hear_of_appeals(app: &App) -> Result<(), sqlx::Error> {
    if app.settings.appeals.file.is_some() {
        return Ok(());
    }
    let number = app.store.publication_number().await?;
    if number == app.snapshot.load().number {
        return Ok(());
    }
    let (drafts, problems) = read_appeals_in_force(&app.store).await?;
    put_into_force(app, |in_force| *in_force = InForce { drafts, problems, number });
    Ok(())
}

/// What the store has in force, and what of it can't be read.
///
/// # Errors
/// The database does not answer.
pub async fn read_appeals_in_force(store: &Store) -> Result<(Vec<Draft>, Vec<AppealProblem>), sqlx::Error> {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for (publication, version) in store.appeals_in_force().await? {
        let live = Live::parse(&publication.state).unwrap_or(Live::Paused);
        match Draft::read_version(&version.appeal_id, &version.body, live) {
            Ok(draft) => drafts.push(draft),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((drafts, problems))
}
