//! Replaces the active snapshot: the compiled appeals, totals and weights from which banner requests are answered.

use std::sync::Arc;

use crate::app::{App, SnapshotInputs};
use crate::appeals::{Snapshot, apply_switches};

/// Applies `change` to the snapshot's inputs, compiles them, and activates the new snapshot. An appeal that can't be
/// used is skipped and logged; the other appeals become active.
pub(in crate::actions) fn activate_snapshot(app: &App, change: impl FnOnce(&mut SnapshotInputs)) {
    let mut snapshot_inputs = app.snapshot_inputs();
    change(&mut snapshot_inputs);
    let snapshot = build_snapshot(app, &snapshot_inputs);
    for problem in &snapshot.problems {
        tracing::error!(
            appeal = problem.appeal,
            problem = %problem,
            "skipped an invalid appeal; fix it where it was written"
        );
    }
    tracing::info!(
        appeals = snapshot_inputs.documents.len(),
        skipped = snapshot.problems.len(),
        "appeals are active"
    );
    app.snapshot.store(Arc::new(snapshot));
    app.tickers_changed.notify_one();
}

/// Rebuilds the snapshot from the active inputs, with the current ticker totals and learned weights.
pub(in crate::actions) fn rebuild_snapshot(app: &App) {
    let snapshot_inputs = app.snapshot_inputs();
    app.snapshot.store(Arc::new(build_snapshot(app, &snapshot_inputs)));
}

fn build_snapshot(app: &App, snapshot_inputs: &SnapshotInputs) -> Snapshot {
    let sites = apply_switches(&app.settings.sites, &snapshot_inputs.switches);
    let (problems, totals) = (snapshot_inputs.problems.clone(), app.ticker_totals.load());
    let mut snapshot = Snapshot::build_with_totals(&sites, &snapshot_inputs.documents, problems, &totals);
    snapshot.number = snapshot_inputs.publication_count;
    snapshot.compiled.apply_learned_weights(&app.learned.load().weights);
    snapshot
}
