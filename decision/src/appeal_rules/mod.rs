//! Appeals and sites as people write them: the input of [`compile`](crate::compile()).
//!
//! **Owns** every field that can be written, its default and its unit. Unknown fields are errors, so that a typo is
//! never a silent rule.
//! **Never** checks whether what was written makes sense; that is done where it is compiled, in `rules/`.
//! **Start at** [`AppealRules`] below, and [`SiteRules`] in `site.rs`.
//! **Tested in** `tests/reading.rs`.

mod audience;
mod frequency;
mod pages;
mod schedule;
mod site;

use serde::{Deserialize, Serialize};

pub use audience::{Articles, Audience};
pub use frequency::{Dismissal, Frequency, Redeploy};
pub use pages::{Pages, Selection};
pub use schedule::{Blackout, Hours, Moment, Schedule, Weekday, Zone};
pub use site::{CoolDown, Exclusion, SiteFrequency, SiteRules};

use crate::words::{Kind, Live, Surface, WithoutHistory};

/// One appeal as the audience team writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppealRules {
    /// The name by which histories, results and verdicts call the appeal.
    pub id: String,
    /// The sites it belongs to.
    pub sites: Vec<String>,
    /// What it wants.
    pub kind: Kind,
    /// Where it may show, the most wanted place first.
    pub surface: Vec<Surface>,
    /// Of several appeals that fit, the highest priority shows; among equals, the one written first.
    #[serde(default)]
    pub priority: i32,
    /// Whether it may be shown at all; a draft unless it says otherwise.
    #[serde(default)]
    pub live: Live,
    /// When it shows.
    #[serde(default)]
    pub schedule: Schedule,
    /// To whom it shows.
    #[serde(default)]
    pub audience: Audience,
    /// On which pages it shows.
    #[serde(default)]
    pub pages: Pages,
    /// How often one reader sees it. Left out: 4 views in 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// How long it stays away after a reader sent it away.
    #[serde(default)]
    pub dismissal: Dismissal,
    /// Times at which it begins anew: earlier views, closes and "later"s no longer count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redeploys: Vec<Redeploy>,
    /// What it does when the reader's history was left out.
    #[serde(default)]
    pub without_history: WithoutHistory,
    /// Its wordings, at least one.
    pub variants: Vec<VariantRules>,
}

impl AppealRules {
    /// A live appeal with nothing but its defaults and one variant, `a`.
    pub fn new(id: impl Into<String>, site: impl Into<String>, kind: Kind, surface: Surface) -> Self {
        Self {
            id: id.into(),
            sites: vec![site.into()],
            kind,
            surface: vec![surface],
            priority: 0,
            live: Live::Live,
            schedule: Schedule::default(),
            audience: Audience::default(),
            pages: Pages::default(),
            frequency: None,
            dismissal: Dismissal::default(),
            redeploys: Vec::new(),
            without_history: WithoutHistory::default(),
            variants: vec![VariantRules::new("a")],
        }
    }
}

/// One wording of an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantRules {
    /// Its name, unlike any other of the appeal.
    pub id: String,
    /// Its share of readers, in proportion to the other weights; 1 unless given, 0 for none.
    #[serde(default = "default_weight")]
    pub weight: u32,
}

impl VariantRules {
    /// A variant of weight 1.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), weight: default_weight() }
    }
}

fn default_weight() -> u32 {
    1
}
