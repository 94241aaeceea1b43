//! Swaps what readers are asked.

use std::sync::Arc;

use crate::app::{App, InForce};
use crate::appeals::{Snapshot, switched};

/// Changes what is in force, and swaps the snapshot. An appeal that can't be used is left out and logged, the others go
/// into force.
pub(in crate::actions) fn activate_snapshot(app: &App, change: impl FnOnce(&mut InForce)) {
    let mut in_force = app.in_force();
    change(&mut in_force);
    let snapshot = snapshot_of(app, &in_force);
    for problem in &snapshot.problems {
        tracing::error!(
            appeal = problem.appeal,
            problem = %problem,
            "an appeal is left out; mend it where it was written"
        );
    }
    tracing::info!(
        appeals = in_force.drafts.len(),
        left_out = snapshot.problems.len(),
        "appeals are in force"
    );
    app.snapshot.store(Arc::new(snapshot));
    app.tickers_changed.notify_one();
}

/// Makes the snapshot anew of what is in force, with what is known of tickers and learned of weights now.
pub(in crate::actions) fn renew_in_force(app: &App) {
    let in_force = app.in_force();
    app.snapshot.store(Arc::new(snapshot_of(app, &in_force)));
}

fn snapshot_of(app: &App, in_force: &InForce) -> Snapshot {
    let sites = switched(&app.settings.sites, &in_force.switches);
    let (problems, totals) = (in_force.problems.clone(), app.ticker_totals.load());
    let mut snapshot = Snapshot::build_counting(&sites, &in_force.drafts, problems, &totals);
    snapshot.number = in_force.number;
    snapshot.compiled.learn(&app.learned.load().weights);
    snapshot
}
