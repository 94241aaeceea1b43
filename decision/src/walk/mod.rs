//! Evaluates a site's appeals by priority. `decide` and `explain` share this walk over the appeals.
//!
//! **Owns** which appeal shows, and the reason if no appeal shows.
//! **Never** lets a recorder change the verdict. A recorder only receives what `explain` reports.
//! **Start at** [`walk`] below; `evaluation.rs` evaluates one appeal's rules.
//! **Tested in** `cases/`, `tests/decision/properties/exact.rs`, `tests/decision/explain.rs`.

mod evaluation;

use smallvec::SmallVec;

use crate::choice::{Candidate, choose, reader_fractions};
use crate::compiled::{Appeal, SiteAppeals};
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::rules::{Outcome, Rule};
use crate::site::Site;
use crate::verdict::Verdict;
pub(crate) use evaluation::Evaluation;
use evaluation::evaluate;

/// Receives the results of the walk. If `RECORDS` is `false`, nothing is recorded, and the walk stops as soon as the
/// verdict is known.
pub(crate) trait Recorder {
    const RECORDS: bool;

    /// Records one rule's outcome for one appeal.
    fn record_rule(&mut self, rule: Rule, outcome: Outcome, appeal: &Appeal, context: &ReaderContext<'_>);

    /// Records the result of evaluating one appeal. The outcomes of its rules have been recorded before.
    fn record_appeal(&mut self, appeal: &Appeal, evaluation: Evaluation, context: &ReaderContext<'_>);

    /// Records how many readers out of a million get an appeal that passed every rule.
    fn record_share(&mut self, appeal: &Appeal, readers: u64, is_chosen: bool, is_held_out: bool);
}

/// Records nothing.
pub(crate) struct Unrecorded;

impl Recorder for Unrecorded {
    const RECORDS: bool = false;

    fn record_rule(&mut self, _: Rule, _: Outcome, _: &Appeal, _: &ReaderContext<'_>) {}

    fn record_appeal(&mut self, _: &Appeal, _: Evaluation, _: &ReaderContext<'_>) {}

    fn record_share(&mut self, _: &Appeal, _: u64, _: bool, _: bool) {}
}

/// Evaluates the site's appeals from the highest priority down, and returns the verdict.
pub(crate) fn walk<R: Recorder>(
    site: &SiteAppeals,
    context: &ReaderContext<'_>,
    recorder: &mut R,
) -> Verdict {
    let mut no_show = NoShow::of(site);
    let places = if R::RECORDS {
        (0..).zip(&site.appeals).map(|(place, _)| place).collect()
    } else {
        site.index.find(context)
    };
    let mut verdict = None;
    let mut remaining = 1.0;
    let appeal = |place: &u32| &site.appeals[*place as usize];
    for same_priority in places.chunk_by(|one, other| appeal(one).priority == appeal(other).priority) {
        let mut passed: SmallVec<[&Appeal; 8]> = SmallVec::new();
        for appeal in same_priority.iter().map(appeal) {
            let evaluation = evaluate(appeal, context, recorder);
            if R::RECORDS {
                recorder.record_appeal(appeal, evaluation, context);
            }
            no_show.add(appeal, evaluation, context);
            if matches!(evaluation, Evaluation::Passed) {
                passed.push(appeal);
            }
        }
        let chosen = choose(passed.iter().map(|appeal| appeal.candidate), context.bucket());
        if R::RECORDS {
            let chosen = chosen.filter(|_| verdict.is_none());
            remaining = record_shares(&passed, chosen, remaining, context, recorder);
        }
        verdict = verdict.or_else(|| chosen.map(|place| verdict_of(passed[place], &site.site, context)));
        if verdict.is_some() && !R::RECORDS {
            break;
        }
    }
    verdict.unwrap_or_else(|| no_show.verdict())
}

/// Records which fraction of the readers each appeal of one priority gets. `remaining` is the fraction that higher
/// priorities left. Returns the fraction that is left for lower priorities.
fn record_shares<R: Recorder>(
    passed: &[&Appeal],
    chosen: Option<usize>,
    remaining: f64,
    context: &ReaderContext<'_>,
    recorder: &mut R,
) -> f64 {
    let candidates: SmallVec<[Candidate; 8]> = passed.iter().map(|appeal| appeal.candidate).collect();
    let (fractions, unclaimed) = reader_fractions(&candidates);
    for (place, (appeal, fraction)) in passed.iter().zip(fractions).enumerate() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a million")]
        let readers = (remaining * fraction * 1_000_000.0).round() as u64;
        let is_held_out = is_held_out(appeal, context.site, context);
        recorder.record_share(appeal, readers, chosen == Some(place), is_held_out);
    }
    remaining * unclaimed
}

fn is_held_out(appeal: &Appeal, site: &Site, context: &ReaderContext<'_>) -> bool {
    context.is_among(appeal.salts.holdout, appeal.held_out)
        || (appeal.kind.wants_money() && context.is_among(site.holdout_salt, site.held_out))
}

/// Returns the verdict for a reader for whom this appeal was chosen.
fn verdict_of(appeal: &Appeal, site: &Site, context: &ReaderContext<'_>) -> Verdict {
    let variant = appeal.parts.sequence.variant(context);
    let surface = appeal.parts.surface.choose(context).expect("the rule for surfaces must have passed");
    let Appeal { index, kind, closable, .. } = *appeal;
    if is_held_out(appeal, site, context) {
        Verdict::HeldOut { appeal: index, variant, surface, kind }
    } else {
        Verdict::Show { appeal: index, variant, surface, kind, closable }
    }
}

/// The verdict if no appeal shows.
struct NoShow {
    /// The latest rule, in the order of checking, at which an appeal failed.
    furthest_rule: Option<Rule>,
    reason: Reason,
    /// The first instant at which an appeal shows to this reader if nothing but the time changes.
    opens_at_ms: Option<i64>,
}

impl NoShow {
    /// Creates the verdict for the case that the index finds no appeal.
    fn of(site: &SiteAppeals) -> Self {
        let (furthest_rule, reason) = match (site.site.kill_switch, site.index.is_empty()) {
            (true, _) => (Some(Rule::KillSwitch), Reason::KillSwitch),
            (false, true) => (None, Reason::NoLiveAppeal),
            (false, false) => (Some(Rule::Country), Reason::NotTargeted),
        };
        Self { furthest_rule, reason, opens_at_ms: None }
    }

    /// Adds one appeal's evaluation. Appeals are added in order of priority. If two appeals failed at the same rule,
    /// the first one decides the reason.
    fn add(&mut self, appeal: &Appeal, evaluation: Evaluation, context: &ReaderContext<'_>) {
        match evaluation {
            Evaluation::Passed => {
                // This verdict is used only if no appeal was chosen. In that case, the reader is outside this appeal's
                // share, which time does not change.
                self.furthest_rule = Rule::ORDER.last().copied();
                self.reason = Reason::Share;
            }
            Evaluation::Failed { failed_rule, reason, opens_at_ms } => {
                if self.furthest_rule.is_none_or(|furthest| failed_rule as u8 > furthest as u8) {
                    self.furthest_rule = Some(failed_rule);
                    self.reason = reason;
                }
                if let Some(opens_at_ms) = opens_at_ms
                    && self.opens_at_ms.is_none_or(|first_ms| opens_at_ms < first_ms)
                    && appeal.candidate.share_contains(context.bucket())
                {
                    self.opens_at_ms = Some(opens_at_ms);
                }
            }
        }
    }

    const fn verdict(&self) -> Verdict {
        Verdict::Silent { reason: self.reason, next_eligible_at_ms: self.opens_at_ms }
    }
}
