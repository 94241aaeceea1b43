//! Explains a verdict with the evidence of every appeal and every rule.

use serde::Serialize;

use crate::compiled::{Appeal, Compiled};
use crate::context::ReaderContext;
use crate::decide::Decision;
use crate::question::Question;
use crate::reason::Reason;
use crate::rules::{Evidence, Outcome, Rule};
use crate::verdict::{Known, UnknownSite, Verdict};
use crate::walk::{Evaluation, Recorder, walk};

/// A verdict, and everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The same verdict that [`decide`](crate::decide()) returns.
    pub verdict: Verdict,
    /// Every appeal of the site, in the order of evaluation.
    pub appeals: Vec<AppealExplanation>,
}

/// One appeal's part in a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AppealExplanation {
    /// The appeal's id.
    pub appeal: String,
    /// The appeal's priority.
    pub priority: i32,
    /// Whether the appeal passed every rule.
    pub passed: bool,
    /// Whether this appeal shows, or would show if the reader were not held out (shown nothing, for comparison).
    pub chosen: bool,
    /// How many readers out of a million the appeal gets if all appeals that passed every rule compete for the readers.
    /// `None` if this appeal did not pass.
    pub readers_per_million: Option<u64>,
    /// Why the appeal shows or does not show. If the appeal failed a rule, this is the reason of the first rule that it
    /// failed. If another appeal got the reader, this is `share`. If the appeal was chosen and the reader is held out,
    /// this is `holdout`. Otherwise this is `matched`.
    pub reason: Reason,
    /// The first instant, in milliseconds since 1970, at which the appeal passes every rule if nothing but the time
    /// changes. `None` if there is no such instant.
    pub next_eligible_at_ms: Option<i64>,
    /// The variant that this reader would see.
    pub variant: String,
    /// The code of the reader's country if the variants have separate weights in it; `None` if the default weights
    /// apply.
    pub weights_of: Option<String>,
    /// The reader's position among the variants' ranges, from 0 to 999,999.
    pub position: u32,
    /// Every rule, in the order of evaluation.
    pub rules: Vec<RuleExplanation>,
}

/// One rule's part in a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleExplanation {
    /// The rule.
    pub rule: Rule,
    /// Whether the appeal passed the rule.
    pub passed: bool,
    /// What the rule found, as text.
    pub seen: String,
    /// What would have passed, as text.
    pub wanted: String,
    /// The rule's reason, if the appeal failed it.
    pub reason: Option<Reason>,
    /// If the appeal failed the rule: the first instant, in milliseconds since 1970, at which it passes if nothing but
    /// the time changes.
    pub opens_at_ms: Option<i64>,
}

impl Decision<'_> {
    /// Evaluates every appeal in the same way as [`Decision::verdict`], and records what each rule found.
    pub fn explain(&self) -> Explanation {
        let mut record = Record::default();
        let verdict = walk(self.appeals, &self.context, &mut record);
        Explanation { verdict, appeals: record.appeals }
    }
}

/// Explains one question: [`Decision::new`] and [`Decision::explain`] in one call.
///
/// # Errors
/// The question names a site that was not compiled.
pub fn explain(
    rules: &Compiled,
    question: &Question<'_>,
    known: &Known,
    now_ms: i64,
    draw: u32,
) -> Result<Explanation, UnknownSite> {
    let site = rules.site(&question.site)?;
    Ok(Decision::new(site, question, known, now_ms, draw).explain())
}

/// Collects the explanations while appeals are evaluated.
#[derive(Default)]
struct Record {
    appeals: Vec<AppealExplanation>,
    /// The rules of the appeal that is being evaluated.
    rules: Vec<RuleExplanation>,
}

impl Recorder for Record {
    const RECORDS: bool = true;

    fn record_rule(&mut self, rule: Rule, outcome: Outcome, appeal: &Appeal, context: &ReaderContext<'_>) {
        let Evidence { seen, wanted } = appeal.parts.evidence(rule, context);
        let (reason, opens_at_ms) = match outcome {
            Outcome::Pass => (None, None),
            Outcome::Blocked(reason) => (Some(reason), None),
            Outcome::Waiting { reason, opens_at_ms } => (Some(reason), Some(opens_at_ms)),
        };
        self.rules.push(RuleExplanation {
            rule,
            passed: reason.is_none(),
            seen,
            wanted,
            reason,
            opens_at_ms,
        });
    }

    fn record_appeal(&mut self, appeal: &Appeal, evaluation: Evaluation, context: &ReaderContext<'_>) {
        let (reason, next_eligible_at_ms) = match evaluation {
            Evaluation::Passed => (Reason::Matched, None),
            Evaluation::Failed { reason, opens_at_ms, .. } => (reason, opens_at_ms),
        };
        self.appeals.push(AppealExplanation {
            appeal: appeal.id.to_string(),
            priority: appeal.priority,
            passed: matches!(evaluation, Evaluation::Passed),
            chosen: false,
            readers_per_million: None,
            reason,
            next_eligible_at_ms,
            variant: appeal.variants.id(appeal.parts.sequence.variant(context)).to_owned(),
            weights_of: appeal.variants.country_with_own_weights(context).map(|country| country.to_string()),
            position: appeal.variants.position(context),
            rules: std::mem::take(&mut self.rules),
        });
    }

    fn record_share(&mut self, appeal: &Appeal, readers: u64, is_chosen: bool, is_held_out: bool) {
        let mut explanations = self.appeals.iter_mut();
        let Some(explanation) = explanations.rfind(|explanation| *explanation.appeal == *appeal.id) else {
            return;
        };
        explanation.readers_per_million = Some(readers);
        explanation.chosen = is_chosen;
        explanation.reason = match (is_chosen, is_held_out) {
            (false, _) => Reason::Share,
            (true, true) => Reason::Holdout,
            (true, false) => Reason::Matched,
        };
    }
}
