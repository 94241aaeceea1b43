//! On pages that somebody paid for appeals are silent, unless one says that it may speak there.

use super::spec::Draft;
use super::{Check, Evidence, Outcome};
use crate::context::Facts;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct PaidPage {
    allowed: bool,
}

impl Check for PaidPage {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { allowed: draft.rules.pages.on_paid_pages }
    }

    fn is_idle(&self) -> bool {
        self.allowed
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.allowed || !facts.question.page.paid, Reason::ExcludedPage)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = if facts.question.page.paid { "paid page" } else { "ordinary page" };
        Evidence::new(seen, if self.allowed { "any page" } else { "ordinary page" })
    }
}
