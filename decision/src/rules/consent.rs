//! Requires the reader's consent to storage, if the appeal needs it.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels;
use crate::reason::Reason;

/// The value that the page sends for a reader who consented.
const GRANTED: &str = "granted";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent(labels::Consent);

impl Check for Consent {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.audience.consent)
    }

    fn is_noop(&self) -> bool {
        self.0.is_any()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let is_granted = context.question.reader.consent.as_deref() == Some(GRANTED);
        Outcome::pass_if(self.0.is_any() || is_granted, Reason::NoConsent)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = if self.0.is_any() { "no condition" } else { GRANTED };
        Evidence::new(context.question.reader.consent.as_deref().unwrap_or("unknown"), wanted)
    }
}
