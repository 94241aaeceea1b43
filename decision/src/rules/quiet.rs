//! The quiet period: a reader who gave recently is not asked for money.

use super::schedule::describe;
use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::{Kind, Standing};
use crate::reason::Reason;

/// The quiet period of one appeal. It applies to kinds of appeal that ask for new money. An appeal that thanks may show
/// immediately after a gift. For an upsell (a request to give more), the quiet period applies only to one-off givers:
/// each regular payment of a recurring giver would start the quiet period again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    kind: Kind,
}

impl Quiet {
    fn applies(self, standing: Standing) -> bool {
        self.kind.asks_non_givers() || (self.kind == Kind::Upsell && standing == Standing::OneOff)
    }
}

impl Check for Quiet {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { kind: spec.rules.kind }
    }

    fn is_noop(&self) -> bool {
        !self.kind.wants_money()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        match context.known.quiet_until_ms {
            Some(opens_at_ms) if at_ms < opens_at_ms && self.applies(context.known.standing) => {
                Outcome::Waiting { reason: Reason::RecentGiver, opens_at_ms }
            }
            _ => Outcome::Pass,
        }
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let seen = match context.known.quiet_until_ms {
            None => "no quiet period".to_owned(),
            Some(until_ms) => format!("quiet until {}", describe(until_ms, context)),
        };
        let wanted = if self.applies(context.known.standing) {
            "quiet period over"
        } else if self.kind == Kind::Upsell {
            "no condition: for an upsell, the quiet period applies only after a one-off gift"
        } else {
            "no condition: the appeal does not ask for money"
        };
        Evidence::new(seen, wanted)
    }
}
