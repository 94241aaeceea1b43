//! Describes a population, for use without recorded page views: how often the readers visit, what they read, and how
//! they react to appeals.
//!
//! **Owns** the description's schema, its problems, and the page views that it generates.
//! **Never** uses random numbers that do not follow from the seed. One reader's draws don't affect another's.
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

/// A described population. Each weight is relative to the other weights in its list. Percents refer to all readers,
/// except in `then`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The site that the readers read. It may be omitted if the settings have only one.
    #[serde(default)]
    pub site: Option<String>,
    /// The number of readers.
    pub readers: u32,
    /// The first day, in the site's time zone.
    #[serde(deserialize_with = "date")]
    pub starts_on: Date,
    /// The number of days.
    pub days: u32,
    /// How often the readers visit.
    pub visits: Vec<Weighted<Visits>>,
    /// How many pages the readers read per visit; one by default.
    #[serde(default)]
    pub visit_lengths: Vec<Weighted<VisitLength>>,
    /// The pages that the readers read.
    pub pages: Vec<Weighted<PageKind>>,
    /// At what hour of the day the readers visit: 24 weights, starting at midnight. By default, few readers visit at
    /// night.
    #[serde(default)]
    pub hours: Vec<f64>,
    /// The readers' countries, by ISO 3166-1 code; unknown by default.
    #[serde(default)]
    pub countries: Vec<Weighted<Named>>,
    /// The readers' devices: mobile, tablet, desktop; unknown by default.
    #[serde(default)]
    pub devices: Vec<Weighted<Named>>,
    /// The page's language, as a BCP 47 tag; unknown by default.
    #[serde(default)]
    pub locales: Vec<Weighted<Named>>,
    /// The share of readers who refuse to be remembered, in percent.
    #[serde(default)]
    pub without_consent_percent: f64,
    /// The readers who already support the site.
    #[serde(default)]
    pub supporters: Vec<Supporters>,
    /// How the readers react to an appeal.
    #[serde(default)]
    pub then: Reactions,
}

/// How often a reader visits.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Visits {
    /// The mean number of visits per week.
    pub per_week: f64,
}

/// The length of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct VisitLength {
    /// The number of pages.
    pub pages: u32,
}

/// A page's description of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PageKind {
    /// The page's section.
    #[serde(default)]
    pub section: Option<String>,
    /// The page's tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The kind of page; an article by default.
    #[serde(default = "article")]
    pub kind: String,
    /// Whether an appeal would be out of place on the page.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether the page is sponsored.
    #[serde(default)]
    pub paid: bool,
}

/// An item that is identified by its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
}

/// Readers who support the site at the start of the simulation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supporters {
    /// The standing of these supporters.
    pub standing: Standing,
    /// The share of readers who are these supporters, in percent.
    pub percent: f64,
    /// The number of whole days between their latest gift and the first day of the simulation. By default, the gift is
    /// older than the quiet period.
    #[serde(default)]
    pub gave_days_ago: Option<u32>,
    /// The names of these supporters' entitlements. (An entitlement is a right, such as reading the archive.)
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// How readers react to an appeal, in percent of the appeals that they see. In all other cases, they continue reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reactions {
    /// Readers who close the appeal.
    pub close_percent: f64,
    /// Readers who say "later".
    pub later_percent: f64,
    /// Readers who say "I already gave".
    pub already_gave_percent: f64,
    /// Readers who say "never again".
    pub never_percent: f64,
    /// Readers who give once.
    pub give_once_percent: f64,
    /// Readers who start to give every month.
    pub give_monthly_percent: f64,
}

fn article() -> String {
    "article".to_owned()
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let written = toml::value::Datetime::deserialize(deserializer)?;
    written.to_string().parse().map_err(|_| serde::de::Error::custom("write a day, such as 2026-11-02"))
}
