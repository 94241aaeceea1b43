//! One publication, as far as the decision needs to know it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Blackout, Percent};
use crate::labels::{Surface, Value};

/// One publication, as far as the decision needs to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRules {
    /// The name by which questions and appeals call the site.
    pub id: String,
    /// Whole days after a gift in which the giver is not asked again; the last of them is still quiet.
    /// The issuer of tokens turns it into a time with [`quiet_until_ms`](crate::quiet_until_ms).
    #[serde(default = "default_quiet_days")]
    pub quiet_days: u32,
    /// Silences every appeal of the site at once.
    #[serde(default)]
    pub kill_switch: bool,
    /// IANA name of the time zone for hours, dates and days, and for times in explanations.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// How often one reader sees appeals that ask for money, all of them together; no cap unless given.
    #[serde(default)]
    pub frequency: SiteFrequency,
    /// Whether givers are asked to give more, and how often.
    #[serde(default)]
    pub upsell: Upsell,
    /// Traits of readers that the site's pages may send, for `audience.traits`.
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
    /// Values that the site provides for copy text, in addition to those of each question.
    #[serde(default)]
    pub values: Vec<Value>,
    /// Groups of countries, by name, to be used where countries are selected.
    #[serde(default)]
    pub country_groups: BTreeMap<String, Vec<String>>,
    /// Pages on which the site is silent, some of them only for some days.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
    /// When the whole site is silent.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
}

impl SiteRules {
    /// A site with nothing but its defaults.
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

/// How often one reader sees appeals of one sort, over all of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteFrequency {
    /// Views inside the window after which all stay silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_views: Option<u32>,
    /// Length of the window in whole days; 30 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u32>,
    /// Whole days between two views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gap_days: Option<u32>,
    /// Whole hours between two views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gap_hours: Option<u32>,
    /// Views in one day, which begins at 04:00 in the site's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
}

/// Whether supporters are asked to give more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upsell {
    /// Whether appeals of kind `upsell` show at all.
    pub enabled: bool,
    /// How often one reader sees them, all of them together; no cap but each appeal's own unless given.
    pub frequency: SiteFrequency,
}

/// Pages on which every appeal of a site is silent: those in one of the sections, with one of the tags, of one of the
/// kinds or at one of the addresses; with none of them named, all pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exclusion {
    /// Sections, in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<String>,
    /// Tags, in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Kinds of page, in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Paths of addresses, with `*` for any run of characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The first day on the site's clock; from the beginning of time unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_date: Option<Date>,
    /// The last day, to its end; for ever unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Date>,
}

/// The minimum pause, on every surface, after a reader sees or dismisses any appeal; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoolDown {
    /// Minutes after any appeal was seen.
    pub after_view_minutes: u32,
    /// Minutes after any appeal was dismissed, in any way.
    pub after_dismissal_minutes: u32,
}
