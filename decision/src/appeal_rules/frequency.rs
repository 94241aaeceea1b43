//! How often one reader sees an appeal.

use serde::{Deserialize, Serialize};

use super::{Countries, Moment, Selection};
use crate::labels::{NeverCovers, Weekday};

/// How often one reader sees an appeal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// Views inside the window after which it stays silent; 4 unless given, 1 for an upsell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_views: Option<u32>,
    /// Length of the window in whole days; 30 unless given, 90 for an upsell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u32>,
    /// Whole days between two views; 0 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_gap_days: Option<u32>,
    /// Whole hours between two views, in addition to the days; 0 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_gap_hours: Option<u32>,
    /// Views in one day, which begins at 04:00 in the site's time zone; no limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
    /// Shows on every page, however often it was seen, whatever the site's own cap. Not together with the others.
    #[serde(default)]
    pub unlimited: bool,
}

/// Days of silence after a reader sent the appeal away, by how it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dismissal {
    /// Whole days after a plain close; 14 unless given.
    pub close_days: u32,
    /// Whole days after "later"; 3 unless given.
    pub later_days: u32,
    /// Whole days after "I already gave"; 365 unless given.
    pub already_gave_days: u32,
    /// Whole days after "never again"; for ever if omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_days: Option<u32>,
    /// What "never again" to this appeal holds for: `appeal` unless given, `campaign` or `kind`. It lasts as long as each of the silenced
    /// appeals says.
    #[serde(skip_serializing_if = "NeverCovers::is_appeal")]
    pub never_covers: NeverCovers,
}

impl Default for Dismissal {
    fn default() -> Self {
        Self {
            close_days: 14,
            later_days: 3,
            already_gave_days: 365,
            never_days: None,
            never_covers: NeverCovers::Appeal,
        }
    }
}

/// A time at which an appeal starts over, once or every week. "I already gave" and "never again" still count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeploy {
    /// When. Earlier views and dismissals no longer count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// Instead: on these days of each week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// At this minute of those days, such as `09:00`; the day's first unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// For readers there; with none named, for all.
    #[serde(default, skip_serializing_if = "Countries::is_empty")]
    pub countries: Countries,
    /// As for the audience.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub regions: Selection,
}
