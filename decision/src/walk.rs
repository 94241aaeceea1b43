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
        /// Place in [`Rule::ORDER`] of the first rule that failed.
        at: usize,
        reason: Reason,
        /// When time alone will have opened every rule that failed; `None` if it never does.
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
    for placed in &site.appeals {
        let appeal = &rules.appeals[placed.appeal];
        let course = try_appeal(appeal, &facts, recorder);
        let passed = matches!(course, Course::Passed);
        silence.hear(course);
        if !(passed || keeps(recorder)) {
            continue;
        }
        let position = position(placed.salt, bucket);
        let variant = pick(appeal.variants.iter().map(|variant| variant.end), position);
        recorder.appeal(appeal, course, position, variant);
        if passed && shown.is_none() {
            shown = appeal.surfaces.choose(&facts).map(|surface| Verdict::Show {
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
    let mut first_failure = None;
    let mut opens_at_ms = Some(facts.now_ms);
    for (at, rule) in Rule::ORDER.into_iter().enumerate() {
        let outcome = rule.of(appeal).check(facts);
        recorder.rule(rule, outcome, appeal, facts);
        match outcome {
            Outcome::Pass => {}
            Outcome::Waiting { reason, opens_at_ms: later_ms } => {
                first_failure = first_failure.or(Some((at, reason)));
                opens_at_ms = opens_at_ms.map(|so_far_ms| so_far_ms.max(later_ms));
            }
            Outcome::Blocked(reason) => {
                first_failure = first_failure.or(Some((at, reason)));
                opens_at_ms = None;
                if !R::KEEPS {
                    break;
                }
            }
        }
    }
    match first_failure {
        None => Course::Passed,
        Some((at, reason)) => {
            let opens_at_ms = opens_at_ms.filter(|at_ms| appeal.schedule.lasts_until(*at_ms));
            Course::Failed { at, reason, opens_at_ms }
        }
    }
}

/// What there is to say if nothing shows.
struct Silence {
    furthest: Option<usize>,
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
        if self.furthest.is_none_or(|furthest| at > furthest) {
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
