//! Appeals and sites as their authors write them: the input of [`compile`](crate::compile()).
//!
//! **Owns** every field that can be written, its default and its unit. Unknown fields are errors, so that a typo is
//! never ignored silently.
//! **Never** checks whether the fields make sense together; `rules/` does that when it compiles them.
//! **Start at** [`AppealRules`] below, and [`SiteRules`] in `site.rs`.
//! **Tested in** `tests/decision/reading.rs`.

mod audience;
mod choice;
mod frequency;
mod pages;
mod schedule;
mod site;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use audience::DEFAULT_WEEKS;
pub use audience::{Articles, Audience};
pub(crate) use choice::DEFAULT_METER_DAYS;
pub use choice::{MAX_METER_DAYS, Meter, Percent, Step};
pub use frequency::{Dismissal, Frequency, Redeploy};
pub use pages::{Countries, Pages, Selection};
pub use schedule::{Blackout, Hours, Moment, Schedule, Zone};
pub use site::{CoolDown, Exclusion, SiteFrequency, SiteRules, Upsell};

use crate::labels::{Assignment, Kind, Live, Surface, Value, WithoutHistory};

/// One appeal as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppealRules {
    /// The appeal's id. Readers' histories, results and verdicts use it.
    pub id: String,
    /// Ids that the appeal had before, oldest first. Views and dismissals with a former id count for this appeal.
    /// Readers keep their variants, and stay in or out of the appeal's share. Results stay with the id under which they
    /// were counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_ids: Vec<String>,
    /// A name that several appeals share. `dismissal.never_covers` uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The sites that the appeal belongs to.
    pub sites: Vec<String>,
    /// The appeal's kind: what it asks of the reader.
    pub kind: Kind,
    /// Where the appeal may show, the preferred surface first.
    pub surface: Vec<Surface>,
    /// If several appeals match, one with the highest priority shows.
    #[serde(default)]
    pub priority: i32,
    /// How many readers the appeal gets compared with other appeals of the same priority: readers are divided in
    /// proportion to the weights. The default is 1.
    #[serde(default = "default_weight", skip_serializing_if = "is_default_weight")]
    pub weight: u32,
    /// The percentage of all readers who can see the appeal. They are always the same readers, whatever other appeals
    /// exist. At the same priority, an appeal below 100 takes precedence over appeals at 100. Readers outside its share
    /// see the appeals at 100, or appeals of lower priority.
    #[serde(default = "Percent::all", skip_serializing_if = "Percent::is_all")]
    pub share_percent: Percent,
    /// The percentage of the appeal's readers who see nothing, for comparison.
    #[serde(default, skip_serializing_if = "Percent::is_none")]
    pub holdout_percent: Percent,
    /// Whether the appeal may be shown at all; the default is `draft`.
    #[serde(default)]
    pub live: Live,
    /// When the appeal shows.
    #[serde(default)]
    pub schedule: Schedule,
    /// Which readers see the appeal.
    #[serde(default)]
    pub audience: Audience,
    /// On which pages the appeal shows.
    #[serde(default)]
    pub pages: Pages,
    /// How often one reader sees the appeal. The default is 4 views in 30 days, or 1 in 90 days for an upsell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// How long the appeal does not show after a reader dismissed it.
    #[serde(default)]
    pub dismissal: Dismissal,
    /// Times at which the appeal starts over: earlier views and dismissals of kind `close` or `later` no longer count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redeploys: Vec<Redeploy>,
    /// What the appeal does if the question (the request for a decision) has no reading history.
    #[serde(default)]
    pub without_history: WithoutHistory,
    /// How many articles are free before the appeal shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<Meter>,
    /// The appeal's variants, at least one.
    pub variants: Vec<VariantRules>,
    /// Shows each reader the variants one after another, and then nothing. Without a sequence, each reader sees one
    /// variant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequence: Vec<Step>,
    /// How a reader's variant is chosen.
    #[serde(default, skip_serializing_if = "Assignment::is_fixed")]
    pub assignment: Assignment,
    /// The minimum percentage of readers for each variant, if weights are learned. The default is 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_percent: Option<Percent>,
    /// Values that are available for the appeal's copy text, whatever the reader and the page. The caller of `compile`
    /// sets them, not the author.
    #[serde(skip)]
    pub available_values: Vec<Value>,
}

impl AppealRules {
    /// Creates a live appeal with one variant, `a`, and the default of every other field.
    pub fn new(id: impl Into<String>, site: impl Into<String>, kind: Kind, surface: Surface) -> Self {
        Self {
            id: id.into(),
            former_ids: Vec::new(),
            campaign: None,
            sites: vec![site.into()],
            kind,
            surface: vec![surface],
            priority: 0,
            weight: default_weight(),
            share_percent: Percent::all(),
            holdout_percent: Percent::default(),
            live: Live::Live,
            schedule: Schedule::default(),
            audience: Audience::default(),
            pages: Pages::default(),
            frequency: None,
            dismissal: Dismissal::default(),
            redeploys: Vec::new(),
            without_history: WithoutHistory::default(),
            meter: None,
            variants: vec![VariantRules::new("a")],
            sequence: Vec::new(),
            assignment: Assignment::default(),
            floor_percent: None,
            available_values: Vec::new(),
        }
    }
}

impl AppealRules {
    /// Returns the id that the appeal had first. Readers' positions depend on it, so a renamed appeal keeps its
    /// readers.
    pub(crate) fn first_id(&self) -> &str {
        self.former_ids.first().unwrap_or(&self.id)
    }
}

/// One variant of an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantRules {
    /// The variant's id, unique in the appeal.
    pub id: String,
    /// The variant's share of readers, in proportion to the other weights; the default is 1, and 0 means none.
    #[serde(default = "default_weight")]
    pub weight: u32,
    /// Different weights in some countries, by ISO 3166-1 code or by the name of one of the site's country groups. A
    /// country's code takes precedence over its groups. `weight` applies to readers in other or unknown countries.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights_by_country: BTreeMap<String, u32>,
    /// Values that the variant's copy text requires. A reader for whom one is missing does not see the appeal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Value>,
}

impl VariantRules {
    /// Creates a variant of weight 1.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            weight: default_weight(),
            weights_by_country: BTreeMap::new(),
            needs: Vec::new(),
        }
    }
}

fn default_weight() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default_weight(weight: &u32) -> bool {
    *weight == default_weight()
}
