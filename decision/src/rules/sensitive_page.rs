//! Shows an appeal on sensitive pages only if the appeal allows it.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SensitivePage {
    is_allowed: bool,
}

impl Check for SensitivePage {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { is_allowed: spec.rules.pages.on_sensitive_pages }
    }

    fn is_noop(&self) -> bool {
        self.is_allowed
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.is_allowed || !context.question.page.sensitive, Reason::SensitivePage)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let seen = if context.question.page.sensitive { "sensitive page" } else { "ordinary page" };
        Evidence::new(seen, if self.is_allowed { "any page" } else { "ordinary page" })
    }
}
