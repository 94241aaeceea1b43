//! The settings of one publication that the decision uses.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Blackout, Percent};
use crate::labels::{Surface, Value};

/// The settings of one publication that the decision uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRules {
    /// The id that questions and appeals use for the site.
    pub id: String,
    /// For how many whole days after a gift the giver is not asked again, including the last of these days. The issuer
    /// of tokens converts the number to a time with [`quiet_until_ms`](crate::quiet_until_ms).
    #[serde(default = "default_quiet_days")]
    pub quiet_days: u32,
    /// If `true`, no appeal of the site shows.
    #[serde(default)]
    pub kill_switch: bool,
    /// The IANA name of the site's time zone. Hours, days, dates, and the times in explanations use it.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// How often one reader sees appeals that ask for money. All such appeals count together. By default there is no
    /// cap.
    #[serde(default)]
    pub frequency: SiteFrequency,
    /// Whether givers are asked to give more, and how often.
    #[serde(default)]
    pub upsell: Upsell,
    /// Traits of readers that the site's pages may send. `audience.traits` refers to them.
    #[serde(default)]
    pub traits: Vec<String>,
    /// The minimum pause, on every surface, after a reader sees or dismisses any appeal.
    #[serde(default)]
    pub cool_down: CoolDown,
    /// Surfaces on which nothing shows.
    #[serde(default)]
    pub silenced_surfaces: Vec<Surface>,
    /// The percentage of readers who are never asked for money, for comparison.
    #[serde(default)]
    pub holdout_percent: Percent,
    /// Values that the site provides for copy text, in addition to those that each question (each request for a
    /// decision) provides.
    #[serde(default)]
    pub values: Vec<Value>,
    /// Named groups of countries. The names can be used wherever countries are selected.
    #[serde(default)]
    pub country_groups: BTreeMap<String, Vec<String>>,
    /// Pages on which the site shows no appeal, some of them only on certain days.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
    /// When the site shows no appeal.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
}

impl SiteRules {
    /// Creates a site with the default of every field.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            quiet_days: default_quiet_days(),
            kill_switch: false,
            time_zone: default_time_zone(),
            frequency: SiteFrequency::default(),
            upsell: Upsell::default(),
            traits: Vec::new(),
            cool_down: CoolDown::default(),
            silenced_surfaces: Vec::new(),
            holdout_percent: Percent::default(),
            values: Vec::new(),
            country_groups: BTreeMap::new(),
            exclusions: Vec::new(),
            blackouts: Vec::new(),
        }
    }
}

fn default_quiet_days() -> u32 {
    90
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

/// How often one reader sees appeals of one group (all that ask for money, or all upsells) on the whole site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteFrequency {
    /// The maximum number of views in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_views: Option<u32>,
    /// The length of the window in whole days; the default is 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u32>,
    /// The minimum number of whole days between two views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gap_days: Option<u32>,
    /// The minimum number of whole hours between two views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gap_hours: Option<u32>,
    /// The maximum number of views in one day, which begins at 04:00 in the site's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
}

/// Whether supporters are asked to give more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upsell {
    /// Whether appeals of kind `upsell` show at all.
    pub enabled: bool,
    /// How often one reader sees upsells. All upsells count together. By default only each appeal's own cap applies.
    pub frequency: SiteFrequency,
}

/// Pages on which no appeal of a site shows. A page is excluded if one of its sections, tags or kinds is listed, or if
/// its URL matches. If none of these is set, every page is excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exclusion {
    /// Sections; case does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
    /// Tags; case does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Kinds of page; case does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Paths of URLs, with `*` for any run of characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The first day of the exclusion, in the site's time zone. By default the exclusion has no beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_date: Option<Date>,
    /// The last day of the exclusion, to the end of the day. By default the exclusion never ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Date>,
}

/// The minimum pause, on every surface, after a reader sees or dismisses any appeal. By default there is no pause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoolDown {
    /// The pause in minutes after the reader saw any appeal.
    pub after_view_minutes: u32,
    /// The pause in minutes after the reader dismissed any appeal, in any way.
    pub after_dismissal_minutes: u32,
}
