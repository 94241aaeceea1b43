//! Only a live appeal shows.

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;
use crate::words::Live;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState(Live);

impl Check for LiveState {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self(draft.rules.live)
    }

    fn is_idle(&self) -> bool {
        self.0 == Live::Live
    }

    fn check(&self, _: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0 == Live::Live, Reason::NoLiveAppeal)
    }

    fn evidence(&self, _: &Facts<'_>) -> Evidence {
        Evidence::new(self.0.as_str(), Live::Live.as_str())
    }
}
