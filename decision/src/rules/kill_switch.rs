//! The site's switch that stops all appeals, including those that thank.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct KillSwitch {
    is_off: bool,
}

impl Check for KillSwitch {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { is_off: spec.site.kill_switch }
    }

    fn is_noop(&self) -> bool {
        !self.is_off
    }

    fn check(&self, _: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(!self.is_off, Reason::KillSwitch)
    }

    fn evidence(&self, _: &ReaderContext<'_>) -> Evidence {
        Evidence::new(if self.is_off { "appeals off" } else { "appeals on" }, "appeals on")
    }
}
