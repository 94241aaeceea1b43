//! The quiet days: for how many days a reader is not asked again. The page shows them to the reader.

use keepopen_decision::AppealRules;
use serde::Serialize;

use crate::sites::SiteSettings;

/// For how many whole days the reader is not asked, depending on what the reader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct QuietDays {
    /// After the reader closes this appeal.
    #[schema(example = 14)]
    close: u32,
    /// After "ask me later", for this appeal.
    #[schema(example = 3)]
    later: u32,
    /// After "I already support you", for every appeal that asks for money.
    #[schema(example = 90)]
    already_gave: u32,
    /// After a one-off gift, for every appeal that asks for money. A reader who gives monthly or yearly is not
    /// asked at all.
    #[schema(example = 90)]
    gift: u32,
}

impl QuietDays {
    /// The quiet days of an appeal with `rules` on `site`.
    pub const fn of(rules: &AppealRules, site: &SiteSettings) -> Self {
        let dismissal = &rules.dismissal;
        Self {
            close: dismissal.close_days,
            later: dismissal.later_days,
            already_gave: dismissal.already_gave_days,
            gift: site.quiet_days,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dismissal_uses_the_days_of_the_appeal_and_a_gift_uses_the_days_of_the_site() {
        let site = json!({"name": "J", "origins": [], "currency": "EUR", "giving": {}, "quiet_days": 60});
        let rules = json!({
            "id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "variants": [{"id": "a"}],
            "dismissal": {"close_days": 7, "later_days": 2, "already_gave_days": 365},
        });
        let (site, rules) = (serde_json::from_value(site).unwrap(), serde_json::from_value(rules).unwrap());
        let sent = serde_json::to_value(QuietDays::of(&rules, &site)).unwrap();
        assert_eq!(sent, json!({"close": 7, "later": 2, "already_gave": 365, "gift": 60}));
    }
}
