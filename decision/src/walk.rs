//! The one way through rules and tiers, taken by `decide` and `explain` alike.

use smallvec::SmallVec;

use crate::choice::{Candidate, Tiers};
use crate::compile::{Appeal, Compiled, Site};
use crate::course::{Course, opens_at, try_appeal};
use crate::facts::Facts;
use crate::question::Question;
use crate::reason::Reason;
use crate::rules::{Outcome, Rule};
use crate::verdict::{Known, UnknownSite, Verdict};

/// Somebody who may watch. With `KEEPS` false the walk stops as soon as it knows the answer.
pub(crate) trait Recorder {
    const KEEPS: bool;

    fn rule(&mut self, rule: Rule, outcome: Outcome, appeal: &Appeal, facts: &Facts<'_>);

    fn appeal(&mut self, appeal: &Appeal, course: Course, facts: &Facts<'_>);

    /// An appeal that passed every rule got these readers, out of a million.
    fn share(&mut self, appeal: &Appeal, readers: u64, got_this_one: bool, is_held_out: bool);
}

/// Nobody watches.
pub(crate) struct Unrecorded;

impl Recorder for Unrecorded {
    const KEEPS: bool = false;

    fn rule(&mut self, _: Rule, _: Outcome, _: &Appeal, _: &Facts<'_>) {}

    fn appeal(&mut self, _: &Appeal, _: Course, _: &Facts<'_>) {}

    fn share(&mut self, _: &Appeal, _: u64, _: bool, _: bool) {}
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
    let facts = Facts::gather(rules, site, question, known, now_ms, draw);
    Ok(walk_site(site, &facts, recorder))
}

fn walk_site<R: Recorder>(site: &Site, facts: &Facts<'_>, recorder: &mut R) -> Verdict {
    let mut silence = Silence::of(site);
    let all = if R::KEEPS {
        (0..).zip(&site.appeals).map(|(place, _)| place).collect()
    } else {
        site.index.find(facts)
    };
    let mut tiers = Tiers::new(facts.bucket());
    let mut verdict = None;
    let appeal = |place: &u32| &site.appeals[*place as usize];
    for tier in all.chunk_by(|one, other| appeal(one).priority == appeal(other).priority) {
        let mut fitting: SmallVec<[&Appeal; 8]> = SmallVec::new();
        for appeal in tier.iter().map(appeal) {
            let course = try_appeal(appeal, facts, recorder);
            if R::KEEPS {
                recorder.appeal(appeal, course, facts);
            }
            silence.hear(appeal, course);
            if matches!(course, Course::Passed) {
                fitting.push(appeal);
            }
        }
        let chosen = choose(&mut tiers, &fitting, facts, recorder, verdict.is_none());
        verdict = verdict.or_else(|| chosen.map(|appeal| show(appeal, site, facts)));
        if verdict.is_some() && !R::KEEPS {
            break;
        }
    }
    verdict.unwrap_or_else(|| silence.verdict(facts))
}

/// The appeal of a tier that gets this reader.
fn choose<'a, R: Recorder>(
    tiers: &mut Tiers,
    fitting: &[&'a Appeal],
    facts: &Facts<'_>,
    recorder: &mut R,
    is_open: bool,
) -> Option<&'a Appeal> {
    let salt = fitting.first()?.salts.tier;
    let candidates: SmallVec<[Candidate; 8]> = fitting.iter().map(|appeal| appeal.candidate).collect();
    let (chosen, ends) = tiers.next(salt, &candidates);
    if R::KEEPS {
        let mut before = 0;
        for (place, (appeal, end)) in fitting.iter().zip(&ends).enumerate() {
            let got_this_one = is_open && chosen == Some(place);
            recorder.share(appeal, end - before, got_this_one, is_held_out(appeal, facts.site, facts));
            before = *end;
        }
    }
    chosen.map(|place| fitting[place])
}

fn is_held_out(appeal: &Appeal, site: &Site, facts: &Facts<'_>) -> bool {
    facts.is_among(appeal.salts.holdout, appeal.held_out)
        || (appeal.kind.asks() && facts.is_among(site.holdout_salt, site.held_out))
}

fn show(appeal: &Appeal, site: &Site, facts: &Facts<'_>) -> Verdict {
    let variant = appeal.parts.sequence.variant(facts);
    let surface = appeal.parts.surface.choose(facts).expect("the rule for surfaces passed");
    let Appeal { index, kind, closable, .. } = *appeal;
    if is_held_out(appeal, site, facts) {
        Verdict::HeldOut { appeal: index, variant, surface, kind }
    } else {
        Verdict::Show { appeal: index, variant, surface, kind, closable }
    }
}

/// What there is to say if nothing shows.
struct Silence<'a> {
    furthest: Option<Rule>,
    reason: Reason,
    /// Appeals that fit or will, as far as anybody can tell, and when.
    hopeful: SmallVec<[(&'a Appeal, i64); 8]>,
}

/// Openings that are looked at where appeals take only a share of readers: one may bring an appeal that does not take
/// this reader either. After the last, the time it came to is given: too early, but never too late.
const MOST_OPENINGS: usize = 64;

impl<'a> Silence<'a> {
    /// What there is to say of appeals that are not even in question.
    fn of(site: &Site) -> Self {
        let (furthest, reason) = match (site.kill_switch, site.index.is_empty()) {
            (true, _) => (Some(Rule::KillSwitch), Reason::KillSwitch),
            (false, true) => (None, Reason::NoLiveAppeal),
            (false, false) => (Some(Rule::Country), Reason::NotTargeted),
        };
        Self { furthest, reason, hopeful: SmallVec::new() }
    }

    /// Appeals are heard by priority, so that of two that came equally far the first keeps the word.
    fn hear(&mut self, appeal: &'a Appeal, course: Course) {
        match course {
            Course::Passed => {
                // If it does not show all the same, then because it takes only a share of readers.
                self.furthest = Rule::ORDER.last().copied();
                self.reason = Reason::Share;
                self.hopeful.push((appeal, i64::MIN));
            }
            Course::Failed { at, reason, opens_at_ms } => {
                if self.furthest.is_none_or(|furthest| at as u8 > furthest as u8) {
                    self.furthest = Some(at);
                    self.reason = reason;
                }
                self.hopeful.extend(opens_at_ms.map(|opens_at_ms| (appeal, opens_at_ms)));
            }
        }
    }

    fn verdict(self, facts: &Facts<'_>) -> Verdict {
        Verdict::Silent { reason: self.reason, next_eligible_at_ms: self.next_eligible_at(facts) }
    }

    /// The first instant at which some appeal takes this reader. Only when an appeal opens can that come to be: one that
    /// closes leaves its readers to the others, but takes none.
    fn next_eligible_at(mut self, facts: &Facts<'_>) -> Option<i64> {
        let mut at_ms = facts.now_ms;
        for _ in 0..MOST_OPENINGS {
            at_ms = self
                .hopeful
                .iter()
                .map(|(_, opens_at_ms)| *opens_at_ms)
                .filter(|opens| *opens > at_ms)
                .min()?;
            let mut kept = SmallVec::new();
            for (appeal, opens_at_ms) in self.hopeful {
                let next_ms =
                    if opens_at_ms < at_ms { opens_at(appeal, facts, at_ms) } else { Some(opens_at_ms) };
                kept.extend(next_ms.map(|next_ms| (appeal, next_ms)));
            }
            self.hopeful = kept;
            if self.is_taken_at(at_ms, facts) {
                return Some(at_ms);
            }
        }
        Some(at_ms)
    }

    fn is_taken_at(&self, at_ms: i64, facts: &Facts<'_>) -> bool {
        let open: SmallVec<[&Appeal; 8]> = self
            .hopeful
            .iter()
            .filter(|(_, opens_at_ms)| *opens_at_ms == at_ms)
            .map(|(appeal, _)| *appeal)
            .collect();
        let mut tiers = Tiers::new(facts.bucket());
        open.chunk_by(|one, other| one.priority == other.priority)
            .any(|tier| choose(&mut tiers, tier, facts, &mut Unrecorded, true).is_some())
    }
}
