//! A population that is described, for want of page views: who comes how often, reads what, and does what when asked.
//!
//! **Owns** the description's shape, what is wrong with it, and the page views that it makes.
//! **Never** throws dice but those of the seed; one reader's do not move another's.
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

/// A described population. Weights are in proportion to one another; percents are of 100.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The site they read; may be left out where the settings have one alone.
    #[serde(default)]
    pub site: Option<String>,
    /// How many they are.
    pub readers: u32,
    /// The first day, on the site's clock.
    #[serde(deserialize_with = "date")]
    pub starts_on: Date,
    /// How many days.
    pub days: u32,
    /// How often they come.
    pub visits: Vec<Weighted<Visits>>,
    /// How many pages they read each time; one unless given.
    #[serde(default)]
    pub visit_lengths: Vec<Weighted<VisitLength>>,
    /// What they read.
    pub pages: Vec<Weighted<PageKind>>,
    /// When in the day they come: 24 weights from midnight; a quiet night unless given.
    #[serde(default)]
    pub hours: Vec<f64>,
    /// Where they are, by ISO 3166-1 code; unknown unless given.
    #[serde(default)]
    pub countries: Vec<Weighted<Named>>,
    /// On what they read: mobile, tablet, desktop; unknown unless given.
    #[serde(default)]
    pub devices: Vec<Weighted<Named>>,
    /// The page's language, as BCP 47 tag; unknown unless given.
    #[serde(default)]
    pub locales: Vec<Weighted<Named>>,
    /// Of 100 readers, so many don't want to be remembered.
    #[serde(default)]
    pub without_consent_percent: f64,
    /// Those who support the site already.
    #[serde(default)]
    pub supporters: Vec<Supporters>,
    /// What they do when an appeal shows.
    #[serde(default)]
    pub then: Reactions,
}

/// How often somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Visits {
    /// Visits in a week, on average.
    pub per_week: f64,
}

/// How long somebody stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct VisitLength {
    /// Pages.
    pub pages: u32,
}

/// What a page says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PageKind {
    /// Its section.
    #[serde(default)]
    pub section: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What kind of page it is; an article unless given.
    #[serde(default = "article")]
    pub kind: String,
    /// Whether an appeal would be out of place on it.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether somebody paid for it to be there.
    #[serde(default)]
    pub paid: bool,
}

/// One of several, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
}

/// Readers who support the site when the simulation begins.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supporters {
    /// Their standing.
    pub standing: Standing,
    /// How many of 100 readers.
    pub percent: f64,
    /// Whole days between their latest gift and the first day; longer than the quiet period unless given.
    #[serde(default)]
    pub gave_days_ago: Option<u32>,
    /// What they are entitled to, by name.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// What readers do when an appeal shows, of 100 times; the rest read on.
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
