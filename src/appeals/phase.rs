//! What readers get of an appeal now.

use std::collections::BTreeMap;

use keepopen_decision::{self as decision, Live, SiteRules, Stage};
use serde::Serialize;

use super::Draft;
use crate::config::SiteSettings;

/// What readers get of an appeal now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Never published.
    Draft,
    /// Published, and its time has not come.
    Scheduled,
    /// Shown to those it is for.
    Live,
    /// Held back.
    Paused,
    /// Ended by hand, or past its end.
    Ended,
}

/// The phase of an appeal at `now_ms` (milliseconds since 1970). One that can't be used any more, because the sites'
/// settings have changed, is held back.
pub fn phase(sites: &BTreeMap<String, SiteSettings>, draft: &Draft, now_ms: i64) -> Phase {
    let rules: Vec<SiteRules> = sites.iter().map(|(id, site)| site.rules(id)).collect();
    match (draft.rules.live, decision::stage_of(&rules, &draft.rules, now_ms)) {
        (Live::Draft, _) => Phase::Draft,
        (Live::Ended, _) | (_, Some(Stage::After)) => Phase::Ended,
        (Live::Paused, _) | (_, None) => Phase::Paused,
        (Live::Live | Live::Scheduled, Some(Stage::Before)) => Phase::Scheduled,
        (Live::Live | Live::Scheduled, Some(Stage::Within)) => Phase::Live,
    }
}
