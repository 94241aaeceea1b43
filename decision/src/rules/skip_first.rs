//! Shows no appeal on the first pages of a visit. The appeal sets the number of these pages.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SkipFirst(u32);

impl Check for SkipFirst {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.pages.skip_first)
    }

    fn is_noop(&self) -> bool {
        self.0 == 0
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let ordinal = context.question.page.ordinal.unwrap_or(1);
        Outcome::pass_if(ordinal > self.0, Reason::FrequencyCap)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let ordinal = context.question.page.ordinal;
        let seen =
            ordinal.map_or_else(|| "unknown".to_owned(), |ordinal| format!("page {ordinal} of the visit"));
        let wanted = match self.0 {
            0 => "any page".to_owned(),
            1 => "after the first page".to_owned(),
            pages => format!("after the first {pages} pages"),
        };
        Evidence::new(seen, wanted)
    }
}
