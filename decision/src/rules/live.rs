//! Shows only live appeals, and upsells only on sites that enable them.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::{Kind, Live};
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState {
    live: Live,
    /// Whether the appeal is an upsell and the site has upsells disabled.
    switched_off: bool,
}

impl LiveState {
    pub(crate) const fn is_live(self) -> bool {
        matches!(self.live, Live::Live | Live::Scheduled) && !self.switched_off
    }
}

impl Check for LiveState {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let live = spec.rules.live;
        if live == Live::Scheduled && spec.rules.schedule.starts_at.is_none() {
            spec.problem("schedule.starts_at", "a scheduled appeal needs a start: name it, or make it live.");
        }
        Self { live, switched_off: spec.rules.kind == Kind::Upsell && !spec.site.upsells }
    }

    fn is_noop(&self) -> bool {
        self.is_live()
    }

    fn check(&self, _: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.is_live(), Reason::NoLiveAppeal)
    }

    fn evidence(&self, _: &ReaderContext<'_>) -> Evidence {
        if self.switched_off {
            let seen = format!("{}, but the site has upsells switched off", self.live.as_str());
            return Evidence::new(seen, "live or scheduled, with upsells switched on");
        }
        Evidence::new(self.live.as_str(), "live or scheduled")
    }
}
