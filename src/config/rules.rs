//! `[sites.ID.rules]`: what holds for every appeal of a site.

use std::collections::BTreeMap;

use keepopen_decision::{Blackout, CoolDown, Exclusion, Percent, SiteFrequency, SiteRules, Surface, Upsell};
use serde::{Deserialize, Serialize};

use super::{Banner, SiteSettings};

/// Asks for money that one reader sees on one day of a site that doesn't set `max_per_day`. It protects supporters on a device that
/// does not know them yet.
const DEFAULT_MAX_PER_DAY: u32 = 1;

/// What holds for every appeal of a site. The words are explained at the decision's own types.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSettings {
    /// How often one reader sees appeals that ask for money, all of them together; once a day unless given.
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
        let rules = self.rules.clone();
        SiteRules {
            quiet_days: self.quiet_days,
            kill_switch: self.banner == Banner::Off,
            time_zone: self.time_zone.clone(),
            frequency: SiteFrequency {
                max_per_day: rules.frequency.max_per_day.or(Some(DEFAULT_MAX_PER_DAY)),
                ..rules.frequency
            },
            upsell: rules.upsell,
            traits: rules.traits,
            cool_down: rules.cool_down,
            silenced_surfaces: rules.silenced_surfaces,
            holdout_percent: rules.holdout_percent,
            country_groups: rules.country_groups,
            exclusions: rules.exclusions,
            blackouts: rules.blackouts,
            ..SiteRules::new(id)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn frequency(rules: &Value) -> SiteFrequency {
        let site = json!({"name": "J", "origins": [], "currency": "EUR", "giving": {}, "rules": rules});
        serde_json::from_value::<SiteSettings>(site).unwrap().rules("journal").frequency
    }

    #[test]
    fn a_reader_sees_one_ask_a_day_unless_the_settings_say_otherwise() {
        let one_a_day = SiteFrequency { max_per_day: Some(1), ..SiteFrequency::default() };
        assert_eq!(frequency(&json!({})), one_a_day);
        assert_eq!(frequency(&json!({"frequency": {}})), one_a_day);
        let capped = SiteFrequency { max_views: Some(6), ..one_a_day };
        assert_eq!(frequency(&json!({"frequency": {"max_views": 6}})), capped);
        assert_eq!(frequency(&json!({"frequency": {"max_per_day": 1000}})).max_per_day, Some(1000));
    }
}
