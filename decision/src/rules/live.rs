//! Only a live appeal shows.

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;
use crate::words::Live;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState(Live);

impl LiveState {
    pub(crate) const fn is_live(self) -> bool {
        matches!(self.0, Live::Live | Live::Scheduled)
    }
}

impl Check for LiveState {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let live = draft.rules.live;
        if live == Live::Scheduled && draft.rules.schedule.starts_at.is_none() {
            draft
                .problem("schedule.starts_at", "a scheduled appeal needs a start: name it, or make it live.");
        }
        Self(live)
    }

    fn is_idle(&self) -> bool {
        self.is_live()
    }

    fn check(&self, _: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.is_live(), Reason::NoLiveAppeal)
    }

    fn evidence(&self, _: &Facts<'_>) -> Evidence {
        Evidence::new(self.0.as_str(), "live or scheduled")
    }
}
