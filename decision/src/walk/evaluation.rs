//! Evaluates one appeal: which rules it passes now, and when it passes every rule.

use super::Recorder;
use crate::compiled::Appeal;
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::rules::{Outcome, Rule};

/// The result of evaluating one appeal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Evaluation {
    Passed,
    Failed {
        /// The first rule that failed.
        failed_rule: Rule,
        reason: Reason,
        /// The first instant at which every rule passes; `None` if there is none.
        opens_at_ms: Option<i64>,
    },
}

/// Evaluates the appeal's rules for the reader now.
pub(crate) fn evaluate<R: Recorder>(
    appeal: &Appeal,
    context: &ReaderContext<'_>,
    recorder: &mut R,
) -> Evaluation {
    if R::RECORDS {
        for rule in Rule::ORDER {
            let outcome = appeal.parts.check(rule, context, context.now_ms);
            recorder.record_rule(rule, outcome, appeal, context);
        }
    }
    let mut first_failure = None;
    let mut may_open = true;
    for rule in appeal.parts.active() {
        match appeal.parts.check(rule, context, context.now_ms) {
            Outcome::Pass => {}
            Outcome::Waiting { reason, .. } => first_failure = first_failure.or(Some((rule, reason))),
            Outcome::Blocked(reason) => {
                first_failure = first_failure.or(Some((rule, reason)));
                may_open = false;
                break;
            }
        }
    }
    match first_failure {
        None => Evaluation::Passed,
        Some((failed_rule, reason)) => {
            let opens_at_ms = if may_open { opens_at(appeal, context, context.now_ms) } else { None };
            Evaluation::Failed { failed_rule, reason, opens_at_ms }
        }
    }
}

/// The maximum number of rounds in the search of [`opens_at`]. Each round ends at least one rule's wait. After this
/// many rounds, rules that open and close in turn are assumed never to be open together. Overlapping weekly hours need
/// far fewer rounds.
const MAX_ROUNDS: usize = 512;

/// Returns the first instant at or after `from_ms` at which all timed rules (rules whose outcome can change over time)
/// pass.
///
/// Each rule returns the exact instant at which it passes next, so no instant at which all rules pass is skipped. The
/// first instant at which no rule waits is therefore the first at which all pass.
fn opens_at(appeal: &Appeal, context: &ReaderContext<'_>, from_ms: i64) -> Option<i64> {
    let mut at_ms = from_ms;
    for _ in 0..MAX_ROUNDS {
        let mut has_waited = false;
        for rule in appeal.parts.timed() {
            match appeal.parts.check(rule, context, at_ms) {
                Outcome::Pass => {}
                Outcome::Blocked(_) => return None,
                Outcome::Waiting { opens_at_ms, .. } => {
                    at_ms = opens_at_ms;
                    has_waited = true;
                }
            }
        }
        if !has_waited {
            return Some(at_ms);
        }
    }
    None
}
