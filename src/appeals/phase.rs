//! The phase of an appeal: whether readers can see it now.

use std::collections::BTreeMap;

use keepopen_decision::{self as decision, Live, SiteRules, Stage};
use serde::Serialize;

use super::AppealDocument;
use super::snapshot::problems_outside_rules;
use crate::sites::SiteSettings;

/// Whether readers can see an appeal now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Never published.
    Draft,
    /// Published, but not started.
    Scheduled,
    /// Shown to its audience.
    Live,
    /// Paused.
    Paused,
    /// Ended by hand, or past its end.
    Ended,
}

/// Returns the phase of each appeal at `now_ms` (milliseconds since 1970). If a change of the sites' settings made a
/// live or scheduled appeal invalid, its phase is [`Phase::Paused`].
pub fn phases(
    sites: &BTreeMap<String, SiteSettings>,
    documents: &[AppealDocument],
    now_ms: i64,
) -> Vec<Phase> {
    let site_rules: Vec<SiteRules> = sites.iter().map(|(id, site)| site.rules(id)).collect();
    let rules: Vec<_> = documents.iter().map(|document| document.rules.clone()).collect();
    let stages = decision::stages_of(&site_rules, &rules, now_ms);
    let is_valid = |document: &AppealDocument| problems_outside_rules(document, sites).is_empty();
    let stages = documents
        .iter()
        .zip(stages)
        .map(|(document, stage)| (document, stage.filter(|_| is_valid(document))));
    stages.map(|(document, stage)| phase(document.rules.live, stage)).collect()
}

/// The phase that follows from the state that the author set (`live`) and from the schedule: `stage` is before, within
/// or after it. `stage` is `None` if the appeal is invalid.
fn phase(live: Live, stage: Option<Stage>) -> Phase {
    match (live, stage) {
        (Live::Draft, _) => Phase::Draft,
        (Live::Ended, _) | (_, Some(Stage::After)) => Phase::Ended,
        (Live::Paused, _) | (_, None) => Phase::Paused,
        (Live::Live | Live::Scheduled, Some(Stage::Before)) => Phase::Scheduled,
        (Live::Live | Live::Scheduled, Some(Stage::Within)) => Phase::Live,
    }
}
