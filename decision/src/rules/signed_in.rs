//! Requires a reader who is signed in to the site, or one who is not. If the page does not say, the reader counts as
//! not signed in.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedIn(Option<bool>);

const fn describe(signed_in: bool) -> &'static str {
    if signed_in { "signed in" } else { "not signed in" }
}

impl Check for SignedIn {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.audience.signed_in)
    }

    fn is_noop(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let is_signed_in = context.question.reader.signed_in.unwrap_or(false);
        Outcome::pass_if(self.0.is_none_or(|wanted| wanted == is_signed_in), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let seen = context.question.reader.signed_in.map_or("unknown", describe);
        Evidence::new(seen, self.0.map_or("any", describe))
    }
}
