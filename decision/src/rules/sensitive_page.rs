//! On sensitive pages appeals are silent, unless one says that it may speak there.

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SensitivePage {
    allowed: bool,
}

impl SensitivePage {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        Self { allowed: draft.rules.pages.on_sensitive_pages }
    }
}

impl Check for SensitivePage {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        Outcome::pass_if(self.allowed || !facts.question.page.sensitive, Reason::SensitivePage)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = if facts.question.page.sensitive { "sensitive page" } else { "ordinary page" };
        Evidence::new(seen, if self.allowed { "any page" } else { "ordinary page" })
    }
}
