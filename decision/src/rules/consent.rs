//! Whether the reader agreed to be remembered, where an appeal needs it.

use super::spec::Draft;
use super::{Check, Evidence, Outcome};
use crate::context::Facts;
use crate::labels;
use crate::reason::Reason;

/// What a page says of a reader who agreed.
const GRANTED: &str = "granted";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent(labels::Consent);

impl Check for Consent {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self(draft.rules.audience.consent)
    }

    fn is_idle(&self) -> bool {
        self.0.is_any()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        let granted = facts.question.reader.consent.as_deref() == Some(GRANTED);
        Outcome::pass_if(self.0.is_any() || granted, Reason::NoConsent)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let wanted = if self.0.is_any() { "anything" } else { GRANTED };
        Evidence::new(facts.question.reader.consent.as_deref().unwrap_or("not told"), wanted)
    }
}
