//! Only a live appeal shows.

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;
use crate::words::Live;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState(Live);

impl LiveState {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        Self(draft.rules.live)
    }
}

impl Check for LiveState {
    fn check(&self, _: &Facts<'_>) -> Outcome {
        Outcome::pass_if(self.0 == Live::Live, Reason::NoLiveAppeal)
    }

    fn evidence(&self, _: &Facts<'_>) -> Evidence {
        Evidence::new(self.0.as_str(), Live::Live.as_str())
    }
}
