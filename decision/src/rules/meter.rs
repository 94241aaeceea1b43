//! Articles that are free before the appeal shows.

use super::{Check, Evidence, Outcome, count};
use crate::appeal_rules;
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;
use crate::words::Surface;

#[derive(Clone, Debug)]
pub(crate) struct Meter(Option<appeal_rules::Meter>);

impl Meter {
    fn is_entitled(&self, facts: &Facts<'_>) -> bool {
        let entitlement = self.0.as_ref().and_then(|meter| meter.entitlement.as_deref());
        entitlement.is_some_and(|entitlement| facts.is_entitled(entitlement))
    }
}

fn used(facts: &Facts<'_>) -> u32 {
    facts.history().and_then(|history| history.free_articles_used).unwrap_or(0)
}

impl Check for Meter {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let rules = draft.rules;
        if let Some(meter) = rules.meter.as_ref().filter(|meter| meter.hard) {
            if meter.entitlement.is_none() {
                draft.problem(
                    "meter.entitlement",
                    "nobody gets past this wall: name the entitlement with which one reads on.",
                );
            }
            if rules.surface.iter().any(|surface| *surface != Surface::Wall) {
                draft.problem(
                    "surface",
                    "only a wall can be hard: leave the other surfaces to another appeal.",
                );
            }
            if rules.frequency.is_some() {
                draft.problem(
                    "frequency",
                    "a hard wall can't have a cap: take it out, or make the wall soft.",
                );
            }
        }
        Self(rules.meter.clone())
    }

    fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        if self.is_entitled(facts) {
            return Outcome::Blocked(Reason::NotTargeted);
        }
        let is_over = self.0.as_ref().is_none_or(|meter| used(facts) >= meter.free_articles);
        Outcome::pass_if(is_over, Reason::BelowMeter)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let entitled = if self.is_entitled(facts) { ", entitled to read on" } else { "" };
        let seen = format!("{} used{entitled}", count(used(facts), "free article"));
        let wanted = self.0.as_ref().map_or_else(
            || "any number".to_owned(),
            |meter| format!("{} used", count(meter.free_articles, "free article")),
        );
        Evidence::new(seen, wanted)
    }
}
