//! The site's switch that stops all appeals, including those that thank.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct KillSwitch {
    off: bool,
}

impl Check for KillSwitch {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { off: spec.site.kill_switch }
    }

    fn is_noop(&self) -> bool {
        !self.off
    }

    fn check(&self, _: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(!self.off, Reason::KillSwitch)
    }

    fn evidence(&self, _: &ReaderContext<'_>) -> Evidence {
        Evidence::new(if self.off { "appeals off" } else { "appeals on" }, "appeals on")
    }
}
