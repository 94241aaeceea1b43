//! The one way through the rules, taken by `decide` and `explain` alike.

use crate::assignment::{pick, position};
use crate::compile::{Appeal, Compiled};
use crate::facts::Facts;
use crate::question::Question;
use crate::reason::Reason;
use crate::rules::{Outcome, Rule};
use crate::verdict::{Known, UnknownSite, Verdict};

/// Somebody who may watch. With `KEEPS` false the walk stops as soon as it knows the answer.
pub(crate) trait Recorder {
    const KEEPS: bool;

    fn rule(&mut self, rule: Rule, outcome: Outcome, appeal: &Appeal, facts: &Facts<'_>);

    fn appeal(&mut self, appeal: &Appeal, course: Course, position: u32, variant: usize);
}

/// Nobody watches.
pub(crate) struct Unrecorded;

impl Recorder for Unrecorded {
    const KEEPS: bool = false;

    fn rule(&mut self, _: Rule, _: Outcome, _: &Appeal, _: &Facts<'_>) {}

    fn appeal(&mut self, _: &Appeal, _: Course, _: u32, _: usize) {}
}

/// How one appeal fared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course {
    Passed,
    Failed {
        /// The first rule that failed.
        at: Rule,
        reason: Reason,
        /// The first instant at which every rule passes; `None` if there is none.
        opens_at_ms: Option<i64>,
    },
}

pub(crate) fn walk(
    rules: &Compiled,
    question: &Question<'_>,
    known: &Known,
    now_ms: i64,
    draw: u32,
    recorder: &mut impl Recorder,
) -> Result<Verdict, UnknownSite> {
    let site = rules.site(&question.site).ok_or_else(|| UnknownSite { site: question.site.to_string() })?;
    let facts = Facts::gather(rules, site, question, known, now_ms);
    let bucket = question.reader.bucket.unwrap_or(draw);
    let mut shown = None;
    let mut silence = Silence::new(if site.kill_switch { Reason::KillSwitch } else { Reason::NoLiveAppeal });
    for appeal in &site.appeals {
        let course = try_appeal(appeal, &facts, recorder);
        let passed = matches!(course, Course::Passed);
        silence.hear(course);
        if !(passed || keeps(recorder)) {
            continue;
        }
        let position = position(appeal.salt, bucket);
        let variant = pick(appeal.variants.iter().map(|variant| variant.end), position);
        recorder.appeal(appeal, course, position, variant);
        if passed && shown.is_none() {
            shown = appeal.parts.surface.choose(&facts).map(|surface| Verdict::Show {
                appeal: appeal.index,
                variant,
                surface,
                kind: appeal.kind,
            });
            if !keeps(recorder) {
                break;
            }
        }
    }
    Ok(shown.unwrap_or_else(|| silence.verdict()))
}

const fn keeps<R: Recorder>(_: &R) -> bool {
    R::KEEPS
}

fn try_appeal<R: Recorder>(appeal: &Appeal, facts: &Facts<'_>, recorder: &mut R) -> Course {
    if R::KEEPS {
        for rule in Rule::ORDER {
            recorder.rule(rule, appeal.parts.check(rule, facts, facts.now_ms), appeal, facts);
        }
    }
    let mut first_failure = None;
    let mut opens = true;
    for rule in appeal.parts.awake() {
        match appeal.parts.check(rule, facts, facts.now_ms) {
            Outcome::Pass => {}
            Outcome::Waiting { reason, .. } => first_failure = first_failure.or(Some((rule, reason))),
            Outcome::Blocked(reason) => {
                first_failure = first_failure.or(Some((rule, reason)));
                opens = false;
                break;
            }
        }
    }
    match first_failure {
        None => Course::Passed,
        Some((at, reason)) => {
            let opens_at_ms = if opens { opens_at(appeal, facts, facts.now_ms) } else { None };
            Course::Failed { at, reason, opens_at_ms }
        }
    }
}

/// Rounds after which rules that open and close in turns count as never open together. Each round ends a wait that
/// some rule asked for; hours of the week that meet do so long before.
const MOST_ROUNDS: usize = 512;

/// The first instant from `from_ms` on at which every rule that time can change passes.
///
/// Each rule tells exactly when it next passes, and none of the instants it skips is one at which all pass. So the
/// first instant at which none asks to wait any longer is the first there is.
fn opens_at(appeal: &Appeal, facts: &Facts<'_>, from_ms: i64) -> Option<i64> {
    let mut at_ms = from_ms;
    for _ in 0..MOST_ROUNDS {
        let mut waited = false;
        for rule in appeal.parts.timed() {
            match appeal.parts.check(rule, facts, at_ms) {
                Outcome::Pass => {}
                Outcome::Blocked(_) => return None,
                Outcome::Waiting { opens_at_ms, .. } => {
                    at_ms = opens_at_ms;
                    waited = true;
                }
            }
        }
        if !waited {
            return Some(at_ms);
        }
    }
    None
}

/// What there is to say if nothing shows.
struct Silence {
    furthest: Option<Rule>,
    reason: Reason,
    next_eligible_at_ms: Option<i64>,
}

impl Silence {
    const fn new(reason: Reason) -> Self {
        Self { furthest: None, reason, next_eligible_at_ms: None }
    }

    /// Appeals are heard by priority, so that of two that came equally far the first keeps the word.
    fn hear(&mut self, course: Course) {
        let Course::Failed { at, reason, opens_at_ms } = course else {
            return;
        };
        if self.furthest.is_none_or(|furthest| at as u8 > furthest as u8) {
            self.furthest = Some(at);
            self.reason = reason;
        }
        self.next_eligible_at_ms = match (self.next_eligible_at_ms, opens_at_ms) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    const fn verdict(&self) -> Verdict {
        Verdict::Silent { reason: self.reason, next_eligible_at_ms: self.next_eligible_at_ms }
    }
}
