//! Shows only live and scheduled appeals, and upsells (requests to give more) only on sites that enable them.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::{Kind, Live};
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState {
    live: Live,
    /// Whether the appeal is an upsell and the site has upsells disabled.
    is_disabled_upsell: bool,
}

impl LiveState {
    pub(crate) const fn is_live(self) -> bool {
        matches!(self.live, Live::Live | Live::Scheduled) && !self.is_disabled_upsell
    }
}

impl Check for LiveState {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let live = spec.rules.live;
        if live == Live::Scheduled && spec.rules.schedule.starts_at.is_none() {
            let sentence = "a scheduled appeal needs a start: write `starts_at`, or make the appeal live.";
            spec.problem("schedule.starts_at", sentence);
        }
        Self { live, is_disabled_upsell: spec.rules.kind == Kind::Upsell && !spec.site.upsells }
    }

    fn is_noop(&self) -> bool {
        self.is_live()
    }

    fn check(&self, _: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.is_live(), Reason::NoLiveAppeal)
    }

    fn evidence(&self, _: &ReaderContext<'_>) -> Evidence {
        if self.is_disabled_upsell {
            let seen = format!("{}, but the site has disabled upsells", self.live.as_str());
            return Evidence::new(seen, "live or scheduled, on a site that enables upsells");
        }
        Evidence::new(self.live.as_str(), "live or scheduled")
    }
}
