//! How often one reader sees one appeal.

use super::redeploy::Redeploys;
use super::spec::Draft;
use super::{Check, Evidence, Outcome, count};
use crate::context::Facts;
use crate::reason::Reason;
use crate::site::Cap;

/// The cap of one appeal; `None` shows without limit.
#[derive(Clone, Debug)]
pub(crate) struct Frequency {
    cap: Option<Cap>,
    redeploys: Redeploys,
}

impl Check for Frequency {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let rules = draft.rules.frequency.clone().unwrap_or_default();
        let cap = Cap::of_appeal(draft.rules.kind, &rules, draft.complaints).filter(|_| !draft.is_hard());
        Self { cap, redeploys: Redeploys::compile(draft) }
    }

    fn is_idle(&self) -> bool {
        self.cap.is_none()
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        let Some(cap) = self.cap else {
            return Outcome::Pass;
        };
        let opens_at_ms = self.redeploys.first(facts, at_ms, |since_ms| {
            Some(cap.opens_at(facts.views_of(self.redeploys.appeal(), since_ms, at_ms), facts))
        });
        Outcome::from_opening(opens_at_ms, at_ms, Reason::FrequencyCap)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let since_ms = self.redeploys.since_ms(facts, facts.now_ms);
        let views = facts.views_of(self.redeploys.appeal(), since_ms, facts.now_ms);
        match self.cap {
            None => Evidence::new(format!("{} in all", count(views.count() as u64, "view")), "anything"),
            Some(cap) => Evidence::new(cap.seen(views, facts.now_ms), cap.wanted()),
        }
    }
}
