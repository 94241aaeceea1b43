//! Whoever gave a short while ago is not asked.

use super::schedule::tell;
use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;

/// Holds for kinds that ask for new money; thanks may come at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    kind_asks: bool,
}

impl Check for Quiet {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { kind_asks: draft.rules.kind.asks() }
    }

    fn is_idle(&self) -> bool {
        !self.kind_asks
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        match facts.known.quiet_until_ms {
            Some(opens_at_ms) if self.kind_asks && at_ms < opens_at_ms => {
                Outcome::Waiting { reason: Reason::RecentGiver, opens_at_ms }
            }
            _ => Outcome::Pass,
        }
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = match facts.known.quiet_until_ms {
            None => "no quiet period".to_owned(),
            Some(until_ms) => format!("quiet until {}", tell(until_ms, facts)),
        };
        Evidence::new(
            seen,
            if self.kind_asks { "quiet period over" } else { "anything: it asks for no money" },
        )
    }
}
