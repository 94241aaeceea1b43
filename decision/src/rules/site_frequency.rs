//! How often one reader is asked for money on one site, whatever the appeal. Views of appeals that ask for money count, and of
//! appeals that are gone. Appeals that ask for nothing neither count nor are held back; those without limit are not held back.

use super::cap::Cap;
use super::{Check, Evidence, Outcome, count};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteFrequency(Option<Cap>);

impl Check for SiteFrequency {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let unlimited = draft.rules.frequency.as_ref().is_some_and(|frequency| frequency.unlimited);
        let held = draft.rules.kind.asks() && !unlimited && !draft.is_hard();
        Self(draft.site.frequency.filter(|_| held))
    }

    fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        let opens_at_ms = self.0.map_or(i64::MIN, |cap| cap.opens_at(facts.views_of_asks(at_ms), facts));
        Outcome::from_opening(Some(opens_at_ms), at_ms, Reason::FrequencyCap)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        match self.0 {
            None => {
                let views = facts.views_of_asks(facts.now_ms).count() as u64;
                Evidence::new(format!("{} on the whole site", count(views, "view")), "anything")
            }
            Some(cap) => Evidence::new(
                format!("on the whole site: {}", cap.seen(facts.views_of_asks(facts.now_ms), facts.now_ms)),
                cap.wanted(),
            ),
        }
    }
}
