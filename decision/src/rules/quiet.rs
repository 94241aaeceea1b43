//! Whoever gave a short while ago is not asked.

use super::schedule::tell;
use super::spec::Draft;
use super::{Check, Evidence, Outcome};
use crate::context::Facts;
use crate::labels::{Kind, Standing};
use crate::reason::Reason;

/// Holds for kinds that ask for new money; thanks may come at once. An upsell lets those who gave once be quiet; who gives every month
/// gave a short while ago at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    kind: Kind,
}

impl Quiet {
    fn holds(self, standing: Standing) -> bool {
        self.kind.asks() || (self.kind == Kind::Upsell && standing == Standing::OneOff)
    }
}

impl Check for Quiet {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { kind: draft.rules.kind }
    }

    fn is_idle(&self) -> bool {
        !self.kind.wants_money()
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        match facts.known.quiet_until_ms {
            Some(opens_at_ms) if at_ms < opens_at_ms && self.holds(facts.known.standing) => {
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
        let wanted = if self.holds(facts.known.standing) {
            "quiet period over"
        } else if self.kind == Kind::Upsell {
            "anything: only those who gave once are left quiet"
        } else {
            "anything: it asks for no money"
        };
        Evidence::new(seen, wanted)
    }
}
