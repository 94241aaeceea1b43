//! Stops an appeal after the last step of its sequence of variants, until the appeal is redeployed (starts over). Each
//! step shows one variant for some number of views.

use std::sync::Arc;

use super::redeploy::Redeploys;
use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::choice::Variants;
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    variants: Arc<Variants>,
    redeploys: Redeploys,
}

impl Sequence {
    /// Replaces the variants with the same variants that have other weights.
    pub(crate) fn replace_variants(&mut self, variants: Arc<Variants>) {
        self.variants = variants;
    }

    /// Returns how many views of the appeal count at `at_ms`. Views before `since_ms` do not count.
    fn views(&self, context: &ReaderContext<'_>, since_ms: i64, at_ms: i64) -> u64 {
        context.views_of(self.redeploys.appeal(), since_ms, at_ms).count() as u64
    }

    /// Returns the variant that this reader gets now.
    pub(crate) fn variant(&self, context: &ReaderContext<'_>) -> usize {
        let views = if self.variants.has_steps() {
            self.views(context, self.redeploys.since_ms(context, context.now_ms), context.now_ms)
        } else {
            0
        };
        self.variants.choose(context, views)
    }
}

impl Check for Sequence {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { variants: Arc::clone(spec.variants), redeploys: Redeploys::compile(spec) }
    }

    fn is_noop(&self) -> bool {
        !self.variants.has_steps()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let has_next_step = |since_ms| {
            self.is_noop() || self.variants.step_after(self.views(context, since_ms, at_ms)).is_some()
        };
        let opens_at_ms = self
            .redeploys
            .first_pass_ms(context, at_ms, |since_ms| has_next_step(since_ms).then_some(i64::MIN));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::SequenceDone)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let views = self.views(context, self.redeploys.since_ms(context, context.now_ms), context.now_ms);
        let wanted = match (self.is_noop(), self.variants.length()) {
            (true, _) => "no sequence".to_owned(),
            (false, u64::MAX) => "any number of views (the sequence never ends)".to_owned(),
            (false, length) => format!("fewer than {}", quantity(length, "view")),
        };
        Evidence::new(quantity(views, "view"), wanted)
    }
}
