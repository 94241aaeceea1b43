//! After the last step of a sequence there is nothing more to say, until the appeal begins anew.

use std::sync::Arc;

use super::redeploy::Redeploys;
use super::spec::Draft;
use super::{Check, Evidence, Outcome, count};
use crate::choice::Variants;
use crate::context::Facts;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    variants: Arc<Variants>,
    redeploys: Redeploys,
}

impl Sequence {
    /// Takes the same variants with other weights.
    pub(crate) fn exchange(&mut self, variants: Arc<Variants>) {
        self.variants = variants;
    }

    fn views(&self, facts: &Facts<'_>, since_ms: i64, at_ms: i64) -> u64 {
        facts.views_of(self.redeploys.appeal(), since_ms, at_ms).count() as u64
    }

    /// The variant that this reader gets now.
    pub(crate) fn variant(&self, facts: &Facts<'_>) -> usize {
        let views = if self.variants.has_steps() {
            self.views(facts, self.redeploys.since_ms(facts, facts.now_ms), facts.now_ms)
        } else {
            0
        };
        self.variants.choose(facts, views)
    }
}

impl Check for Sequence {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { variants: Arc::clone(draft.variants), redeploys: Redeploys::compile(draft) }
    }

    fn is_idle(&self) -> bool {
        !self.variants.has_steps()
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        let goes_on =
            |since_ms| self.is_idle() || self.variants.after(self.views(facts, since_ms, at_ms)).is_some();
        let opens_at_ms =
            self.redeploys.first(facts, at_ms, |since_ms| goes_on(since_ms).then_some(i64::MIN));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::SequenceDone)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let views = self.views(facts, self.redeploys.since_ms(facts, facts.now_ms), facts.now_ms);
        let wanted = match (self.is_idle(), self.variants.length()) {
            (true, _) => "no sequence".to_owned(),
            (false, u64::MAX) => "a sequence without end".to_owned(),
            (false, length) => format!("fewer than {}", count(length, "view")),
        };
        Evidence::new(count(views, "view"), wanted)
    }
}
