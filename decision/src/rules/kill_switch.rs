//! The site's switch that silences everything, thanks included.

use super::spec::Draft;
use super::{Check, Evidence, Outcome};
use crate::context::Facts;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct KillSwitch {
    off: bool,
}

impl Check for KillSwitch {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { off: draft.site.kill_switch }
    }

    fn is_idle(&self) -> bool {
        !self.off
    }

    fn check(&self, _: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(!self.off, Reason::KillSwitch)
    }

    fn evidence(&self, _: &Facts<'_>) -> Evidence {
        Evidence::new(if self.off { "appeals off" } else { "appeals on" }, "appeals on")
    }
}
