//! `[sites.ID.rules]`: the rules for every appeal of a site.

use std::collections::BTreeMap;

use keepopen_decision::{Blackout, CoolDown, Exclusion, Percent, SiteFrequency, SiteRules, Surface, Upsell};
use serde::{Deserialize, Serialize};

use super::{AppealSwitch, SiteSettings};

/// The default of `max_per_day`: how many times per day a reader may see an appeal for money. The limit protects
/// supporters who use a device on which they are not recognised yet.
const DEFAULT_MAX_PER_DAY: u32 = 1;

/// The rules for every appeal of a site. The types of the crate `keepopen_decision` explain them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSettings {
    /// How often one reader may see appeals for money, with all of them counted together. By default, once a day.
    pub frequency: SiteFrequency,
    /// Whether supporters are asked to give more, and how often.
    pub upsell: Upsell,
    /// The names of the site's own traits: statements about a reader that its pages send, such as `print_subscriber`.
    pub traits: Vec<String>,
    /// The minimum pause, on every surface, after a reader sees or dismisses any appeal.
    pub cool_down: CoolDown,
    /// The surfaces on which no appeal shows.
    pub silenced_surfaces: Vec<Surface>,
    /// The share of readers who are never asked, in percent. With this group, the effect of asking can be measured.
    pub holdout_percent: Percent,
    /// Named groups of countries, for use wherever countries are selected.
    pub country_groups: BTreeMap<String, Vec<String>>,
    /// Pages on which no appeal shows, optionally only on some days.
    pub exclusions: Vec<Exclusion>,
    /// Times at which the whole site shows no appeal.
    pub blackouts: Vec<Blackout>,
}

impl SiteSettings {
    /// The site's rules, in the form that the crate `keepopen_decision` reads. `id` is the site's id.
    pub fn rules(&self, id: &str) -> SiteRules {
        let rules = self.rules.clone();
        SiteRules {
            quiet_days: self.quiet_days,
            // The setting `banner` applies to all surfaces, not only to the surface `banner`.
            kill_switch: self.banner == AppealSwitch::Off,
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
    fn a_reader_is_asked_at_most_once_a_day_by_default() {
        let one_a_day = SiteFrequency { max_per_day: Some(1), ..SiteFrequency::default() };
        assert_eq!(frequency(&json!({})), one_a_day);
        assert_eq!(frequency(&json!({"frequency": {}})), one_a_day);
        let capped = SiteFrequency { max_views: Some(6), ..one_a_day };
        assert_eq!(frequency(&json!({"frequency": {"max_views": 6}})), capped);
        assert_eq!(frequency(&json!({"frequency": {"max_per_day": 1000}})).max_per_day, Some(1000));
    }
}
