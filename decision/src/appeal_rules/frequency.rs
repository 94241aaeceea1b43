//! How often one reader sees an appeal.

use serde::{Deserialize, Serialize};

use super::{Countries, Moment, Selection};
use crate::labels::{NeverCovers, Weekday};

/// How often one reader sees an appeal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// The maximum number of views in the window; the default is 4, or 1 for an upsell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_views: Option<u32>,
    /// The length of the window in whole days; the default is 30, or 90 for an upsell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u32>,
    /// The minimum number of whole days between two views; the default is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_gap_days: Option<u32>,
    /// The minimum number of whole hours between two views. It applies in addition to `min_gap_days`. The default is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_gap_hours: Option<u32>,
    /// The maximum number of views in one day, which begins at 04:00 in the site's time zone. By default there is no
    /// maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
    /// Whether the appeal shows on every page, without any limit, even if the site has a cap. Can't be combined with
    /// the other fields.
    #[serde(default)]
    pub unlimited: bool,
}

/// For how many days an appeal does not show after a reader dismissed it, by the kind of dismissal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dismissal {
    /// Whole days after a plain close; the default is 14.
    pub close_days: u32,
    /// Whole days after "later"; the default is 3.
    pub later_days: u32,
    /// Whole days after "I already gave"; the default is 365.
    pub already_gave_days: u32,
    /// Whole days after "never again"; forever if omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_days: Option<u32>,
    /// Which appeals "never again" covers: `appeal` (only this one, the default), `campaign` or `kind`. Each covered
    /// appeal sets how long it lasts in its own `never_days`.
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
    /// When the appeal starts over. Earlier views and dismissals no longer count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// The days of the week on which the appeal starts over, instead of `at`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The time on those days, such as `09:00`. The default is the first minute of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The countries whose readers see the appeal start over. If the list is empty, it starts over for all readers.
    #[serde(default, skip_serializing_if = "Countries::is_empty")]
    pub countries: Countries,
    /// Regions, as in the audience.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub regions: Selection,
}
