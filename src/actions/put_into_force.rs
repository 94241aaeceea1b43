//! Swaps what readers are asked.

use std::sync::Arc;

use crate::app::{App, InForce};
use crate::appeals::{Snapshot, switched};

/// Changes what is in force, and swaps the snapshot. An appeal that can't be used is left out and logged, the others go
/// into force.
pub(super) fn put_into_force(app: &App, change: impl FnOnce(&mut InForce)) {
    let mut in_force = app.in_force();
    change(&mut in_force);
    let sites = switched(&app.settings.sites, &in_force.switches);
    let mut snapshot = Snapshot::build(&sites, &in_force.drafts, in_force.problems.clone());
    snapshot.number = in_force.number;
    snapshot.compiled.learn(&app.learned.load().weights);
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
}
