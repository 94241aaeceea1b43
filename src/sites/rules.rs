//! `[sites.ID.rules]`: the rules for every appeal of a site.

use std::collections::BTreeMap;

use keepopen_decision::{Blackout, CoolDown, Exclusion, Percent, SiteFrequency, SiteRules, Surface, Upsell};
use serde::{Deserialize, Serialize};

use super::{Banner, SiteSettings};

/// The default for `max_per_day`: how many appeals for money a reader may see per day. It protects supporters on a device
/// that does not recognise them yet.
const DEFAULT_MAX_PER_DAY: u32 = 1;

/// The rules for every appeal of a site. The decision's own types explain them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSettings {
    /// How often one reader sees appeals for money, all of them together; once a day by default.
    pub frequency: SiteFrequency,
    /// Whether supporters are asked to give more, and how often.
    pub upsell: Upsell,
    /// The site's own facts about readers that its pages send, such as `print_subscriber`.
    pub traits: Vec<String>,
    /// Minimum pause, on every surface, after a reader sees or dismisses any appeal.
    pub cool_down: CoolDown,
    /// Surfaces on which no appeal shows.
    pub silenced_surfaces: Vec<Surface>,
    /// The share of readers who are never asked, in percent, so that the effect of asking can be measured.
    pub holdout_percent: Percent,
    /// Named groups of countries, for use wherever countries are selected.
    pub country_groups: BTreeMap<String, Vec<String>>,
    /// Pages on which no appeal shows, optionally only on some days.
    pub exclusions: Vec<Exclusion>,
    /// Times at which the whole site shows no appeal.
    pub blackouts: Vec<Blackout>,
}

impl SiteSettings {
    /// The decision's rules for the site with this `id`.
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
