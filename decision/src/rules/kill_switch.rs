//! The site's switch that silences everything, thanks included.

use super::{Check, Evidence, Outcome};
use crate::facts::Facts;
use crate::reason::Reason;

/// Belongs to the site, so that an appeal has nothing to keep for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KillSwitch;

impl Check for KillSwitch {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        Outcome::pass_if(!facts.site.kill_switch, Reason::KillSwitch)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        Evidence::new(if facts.site.kill_switch { "appeals off" } else { "appeals on" }, "appeals on")
    }
}
