//! Limits how often one reader sees one appeal. Views before the last redeploy (the time at which the appeal started
//! over) do not count. A wall that the reader can't close has no cap.

use super::redeploy::Redeploys;
use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::site::Cap;

/// The cap of one appeal. If it is `None`, the appeal shows without limit.
#[derive(Clone, Debug)]
pub(crate) struct Frequency {
    cap: Option<Cap>,
    redeploys: Redeploys,
}

impl Check for Frequency {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let rules = spec.rules.frequency.clone().unwrap_or_default();
        let cap = Cap::of_appeal(spec.rules.kind, &rules, spec.diagnostics).filter(|_| !spec.is_hard());
        Self { cap, redeploys: Redeploys::compile(spec) }
    }

    fn is_noop(&self) -> bool {
        self.cap.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let Some(cap) = self.cap else {
            return Outcome::Pass;
        };
        let opens_at_ms = self.redeploys.first_pass_ms(context, at_ms, |since_ms| {
            Some(cap.opens_at(context.views_of(self.redeploys.appeal(), since_ms, at_ms), context))
        });
        Outcome::from_opening(opens_at_ms, at_ms, Reason::FrequencyCap)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let since_ms = self.redeploys.since_ms(context, context.now_ms);
        let views = context.views_of(self.redeploys.appeal(), since_ms, context.now_ms);
        match self.cap {
            None => {
                let views = quantity(views.count() as u64, "view");
                Evidence::new(format!("{views} in total"), "no condition")
            }
            Some(cap) => Evidence::new(cap.describe_views(views, context.now_ms), cap.describe_limits()),
        }
    }
}
