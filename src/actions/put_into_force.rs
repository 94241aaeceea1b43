//! Swaps what readers are asked.

use std::sync::Arc;

use crate::app::{App, InForce};
use crate::appeals::Snapshot;

/// Changes what is in force. An appeal that can't be used is left out and logged, the others go into force.
pub(super) fn put_into_force(app: &App, change: impl FnOnce(&mut InForce)) {
    let left_out = {
        let mut in_force = app.in_force();
        change(&mut in_force);
        swap(app, &in_force);
        tracing::info!(appeals = in_force.drafts.len(), "appeals are in force");
        app.snapshot.load().problems.clone()
    };
    for problem in &left_out {
        tracing::error!(
            appeal = problem.appeal,
            problem = %problem,
            "an appeal is left out; mend it where it was written"
        );
    }
    app.tickers_changed.notify_one();
}

/// Makes the snapshot anew of what is in force, with what is known of its tickers now.
pub(super) fn rebuild(app: &App) {
    swap(app, &app.in_force());
}

/// Whoever swaps holds what is in force, so that an older set never comes after a newer one.
fn swap(app: &App, in_force: &InForce) {
    let totals = app.ticker_totals.load();
    let problems = in_force.problems.clone();
    let mut snapshot = Snapshot::build_counting(&app.settings.sites, &in_force.drafts, problems, &totals);
    snapshot.number = in_force.number;
    app.snapshot.store(Arc::new(snapshot));
}
