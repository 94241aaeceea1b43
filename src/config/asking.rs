//! `[sites.ID.asking]`: what holds for every appeal of a site.

use std::collections::BTreeMap;

use keepopen_decision::{Blackout, CoolDown, Exclusion, Percent, SiteFrequency, SiteRules, Surface, Upsell};
use serde::{Deserialize, Serialize};

use super::{Banner, SiteSettings};

/// What holds for every appeal of a site. The words are explained at the decision's own types.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asking {
    /// How often one reader sees appeals that ask for money, all of them together.
    pub frequency: SiteFrequency,
    /// Whether givers are asked to give more, and how often.
    pub upsell: Upsell,
    /// Facts of the site's own that its pages tell of readers, such as `print_subscriber`.
    pub traits: Vec<String>,
    /// Peace on all surfaces after any appeal was seen or sent away.
    pub cool_down: CoolDown,
    /// Surfaces on which nothing shows.
    pub silenced_surfaces: Vec<Surface>,
    /// Readers who are never asked, so that what asking brings can be told, in percent.
    pub holdout_percent: Percent,
    /// Groups of countries, by name, to be used where countries are selected.
    pub country_groups: BTreeMap<String, Vec<String>>,
    /// Pages on which the site is silent, some of them only for some days.
    pub exclusions: Vec<Exclusion>,
    /// When the whole site is silent.
    pub blackouts: Vec<Blackout>,
}

impl SiteSettings {
    /// What the decision needs to know of the site that is called `id`.
    pub fn rules(&self, id: &str) -> SiteRules {
        let asking = self.asking.clone();
        SiteRules {
            quiet_days: self.quiet_days,
            kill_switch: self.banner == Banner::Off,
            time_zone: self.time_zone.clone(),
            frequency: asking.frequency,
            upsell: asking.upsell,
            traits: asking.traits,
            cool_down: asking.cool_down,
            silenced_surfaces: asking.silenced_surfaces,
            holdout_percent: asking.holdout_percent,
            country_groups: asking.country_groups,
            exclusions: asking.exclusions,
            blackouts: asking.blackouts,
            ..SiteRules::new(id)
        }
    }
}
