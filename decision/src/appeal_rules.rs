//! Appeals and sites as people write them: the input of [`compile`](crate::compile()).
//!
//! Unknown fields are errors, so that a typo is never a silent rule.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::{Kind, Live, Standing, Surface, WithoutHistory};

/// One publication, as far as the decision needs to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRules {
    /// The name by which questions and appeals call the site.
    pub id: String,
    /// Whole days after a gift in which the giver is not asked again; the last of them is still quiet.
    /// Whoever makes tokens turns it into a time with [`quiet_until_ms`](crate::quiet_until_ms).
    #[serde(default = "default_quiet_days")]
    pub quiet_days: u32,
    /// Silences every appeal of the site at once.
    #[serde(default)]
    pub kill_switch: bool,
    /// IANA name of the zone in which explanations tell the time.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
}

impl SiteRules {
    /// A site with nothing but its defaults.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            quiet_days: default_quiet_days(),
            kill_switch: false,
            time_zone: default_time_zone(),
        }
    }
}

fn default_quiet_days() -> u32 {
    90
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

/// One appeal as the audience team writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What it does when the reader's history was left out.
    #[serde(default)]
    pub without_history: WithoutHistory,
    /// Its wordings, at least one.
    pub variants: Vec<VariantRules>,
}

/// When an appeal shows. Both bounds belong to it and count in whole minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The first minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The last minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

/// To whom an appeal shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Standings it is meant for. Left out, it depends on the kind: `ask`: `none`, `one_off`, `lapsed`;
    /// `thank`: `recurring`, `one_off`; `fix_card`: `past_due`; `win_back`: `lapsed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standings: Option<Vec<Standing>>,
    /// ISO 3166-1 codes of two letters. A reader whose country is unknown gets only appeals without any.
    #[serde(default)]
    pub countries: Selection,
}

/// On which pages an appeal shows.
///
/// A page fits when its section *or* one of its tags is included; with nothing included, every page fits.
/// An excluded section or tag beats an included one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Sections, in any case.
    #[serde(default)]
    pub sections: Selection,
    /// Tags, in any case.
    #[serde(default)]
    pub tags: Selection,
    /// Kinds of page (`article`, `front`, …), in any case.
    #[serde(default)]
    pub kinds: Selection,
    /// Shows on sensitive pages too.
    #[serde(default)]
    pub on_sensitive_pages: bool,
}

/// Names that are wanted and names that are not. What is excluded is out, even if it is included too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only these; with none, all.
    #[serde(default)]
    pub include: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// How often one reader sees an appeal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// Views inside the window after which it stays silent; 4 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_views: Option<u32>,
    /// Length of the window in whole days; 30 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_days: Option<u32>,
    /// Whole days between two views; 0 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_gap_days: Option<u32>,
    /// Shows on every page, however often it was seen. Not together with the others.
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
    /// Whole days after "I already gave"; 90 unless given.
    pub already_gave_days: u32,
    /// Whole days after "never again"; left out, for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_days: Option<u32>,
}

impl Default for Dismissal {
    fn default() -> Self {
        Self { close_days: 14, later_days: 3, already_gave_days: 90, never_days: None }
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

fn default_weight() -> u32 {
    1
}
