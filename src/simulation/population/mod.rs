//! A described population, for use without recorded page views: who visits how often, reads what, and how they react to
//! appeals.
//!
//! **Owns** the description's schema, its problems, and the page views that it generates.
//! **Never** uses randomness but the seed's; one reader's draws don't affect another's.
//! **Start at** [`Population::read`], then `visits.rs`.
//! **Tested in** the files here, `tests/commands/simulate.rs`; `docs/population.toml` is the commented sample.

mod choice;
mod problems;
mod visits;

use jiff::civil::Date;
use keepopen_decision::Standing;
use serde::{Deserialize, Deserializer};

pub use choice::Weighted;
pub use visits::Crowd;

/// A described population. Weights are relative to one another; percents are of 100.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The site they read; may be omitted if the settings have only one.
    #[serde(default)]
    pub site: Option<String>,
    /// The number of readers.
    pub readers: u32,
    /// The first day, in the site's time zone.
    #[serde(deserialize_with = "date")]
    pub starts_on: Date,
    /// The number of days.
    pub days: u32,
    /// How often they visit.
    pub visits: Vec<Weighted<Visits>>,
    /// How many pages they read per visit; one by default.
    #[serde(default)]
    pub visit_lengths: Vec<Weighted<VisitLength>>,
    /// The pages they read.
    pub pages: Vec<Weighted<PageKind>>,
    /// When in the day they visit: 24 weights from midnight; by default few at night.
    #[serde(default)]
    pub hours: Vec<f64>,
    /// Their countries, by ISO 3166-1 code; unknown by default.
    #[serde(default)]
    pub countries: Vec<Weighted<Named>>,
    /// Their devices: mobile, tablet, desktop; unknown by default.
    #[serde(default)]
    pub devices: Vec<Weighted<Named>>,
    /// The page's language, as BCP 47 tag; unknown by default.
    #[serde(default)]
    pub locales: Vec<Weighted<Named>>,
    /// The share of readers who refuse to be remembered, in percent.
    #[serde(default)]
    pub without_consent_percent: f64,
    /// The readers who already support the site.
    #[serde(default)]
    pub supporters: Vec<Supporters>,
    /// How they react to an appeal.
    #[serde(default)]
    pub then: Reactions,
}

/// How often somebody visits.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Visits {
    /// The mean number of visits per week.
    pub per_week: f64,
}

/// The length of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct VisitLength {
    /// Pages.
    pub pages: u32,
}

/// A page's description of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PageKind {
    /// Its section.
    #[serde(default)]
    pub section: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The kind of page; an article by default.
    #[serde(default = "article")]
    pub kind: String,
    /// Whether an appeal would be out of place on it.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether it is sponsored.
    #[serde(default)]
    pub paid: bool,
}

/// One of several, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
}

/// Readers who support the site at the start of the simulation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supporters {
    /// Their standing.
    pub standing: Standing,
    /// Their share of readers, in percent.
    pub percent: f64,
    /// Whole days between their latest gift and the first day; longer than the quiet period by default.
    #[serde(default)]
    pub gave_days_ago: Option<u32>,
    /// Their entitlements, by name.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// How readers react to an appeal, in percent; the rest continue reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reactions {
    /// Close it.
    pub close_percent: f64,
    /// Say "later".
    pub later_percent: f64,
    /// Say "I already gave".
    pub already_gave_percent: f64,
    /// Say "never again".
    pub never_percent: f64,
    /// Give once.
    pub give_once_percent: f64,
    /// Give every month from then on.
    pub give_monthly_percent: f64,
}

fn article() -> String {
    "article".to_owned()
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let written = toml::value::Datetime::deserialize(deserializer)?;
    written.to_string().parse().map_err(|_| serde::de::Error::custom("write a day, such as 2026-11-02"))
}
