//! The data of a cap on views, and the compilation of a site's cap. `rules/cap.rs` applies a cap.

use crate::appeal_rules;
use crate::calendar::{DAY_MS, HOUR_MS};
use crate::diagnostics::Diagnostics;

pub(crate) const DEFAULT_MAX_VIEWS: u32 = 4;
pub(crate) const DEFAULT_WINDOW_DAYS: u32 = 30;

/// A cap: limits on the number of views and on the time between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub(crate) max_views: Option<u32>,
    pub(crate) window_days: u32,
    pub(crate) gap_days: u32,
    pub(crate) gap_hours: u32,
    pub(crate) max_per_day: Option<u32>,
}

impl Cap {
    pub(crate) fn of_site(
        field_path: &str,
        rules: &appeal_rules::SiteFrequency,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Self> {
        let sentence = "with 0 views, no appeal that this limit applies to ever shows: switch the site's appeals off instead.";
        report_zero(field_path, "max_views", rules.max_views, sentence, diagnostics);
        report_zero(field_path, "max_per_day", rules.max_per_day, sentence, diagnostics);
        report_zero(field_path, "window_days", rules.window_days, EMPTY_WINDOW, diagnostics);
        let cap = Self {
            // A maximum of 0 views is reported as a problem. It has no effect on the compiled cap.
            max_views: rules
                .max_views
                .or(rules.window_days.map(|_| DEFAULT_MAX_VIEWS))
                .filter(|max| *max > 0),
            window_days: rules.window_days.unwrap_or(DEFAULT_WINDOW_DAYS),
            gap_days: rules.min_gap_days.unwrap_or(0),
            gap_hours: rules.min_gap_hours.unwrap_or(0),
            max_per_day: rules.max_per_day.filter(|max| *max > 0),
        };
        let has_limit = cap.max_views.is_some() || cap.max_per_day.is_some() || cap.gap_ms() > 0;
        has_limit.then_some(cap)
    }

    /// Returns the minimum time between two views: the longer of the two gaps.
    pub(crate) fn gap_ms(&self) -> i64 {
        (i64::from(self.gap_days) * DAY_MS).max(i64::from(self.gap_hours) * HOUR_MS)
    }
}

/// What is wrong with a window of 0 days.
pub(crate) const EMPTY_WINDOW: &str = "a window of 0 days counts nothing: write 1 or more.";

/// Reports a problem if the value is 0.
pub(crate) fn report_zero(
    path: &str,
    name: &str,
    value: Option<u32>,
    why: &str,
    diagnostics: &mut Diagnostics<'_>,
) {
    if value == Some(0) {
        diagnostics.problem(format!("{path}.{name}"), why);
    }
}
