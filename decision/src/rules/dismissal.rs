//! A reader who sent an appeal away is left in peace, as long as the way it was sent away asks for.
//!
//! "I already gave" is said to the newsroom, not to one wording: it counts for every appeal that asks for money. What "never again"
//! holds for is said by the appeal that was sent away.

use super::cap::{age_days, days_after};
use super::redeploy::Redeploys;
use super::spec::Draft;
use super::{Check, Evidence, Outcome, list};
use crate::appeal_rules;
use crate::context::{Facts, Sent};
use crate::labels::{DismissalKind, Kind};
use crate::names::NameId;
use crate::reason::Reason;
use crate::site::Covered;

#[derive(Clone, Debug)]
pub(crate) struct Dismissal {
    /// A wall that can't be closed can't be sent away either.
    hard: bool,
    kind: Kind,
    campaign: Option<NameId>,
    days: appeal_rules::Dismissal,
    redeploys: Redeploys,
}

impl Dismissal {
    /// What was sent away and still counts: "already gave" and "never" were meant for good, whenever it was.
    fn sent(&self, facts: &Facts<'_>, since_ms: i64) -> impl Iterator<Item = Sent> {
        let appeal = self.redeploys.appeal();
        facts.dismissals().filter(move |sent| match sent.kind {
            DismissalKind::AlreadyGave => self.kind.asks() || sent.appeal == appeal,
            DismissalKind::Never => sent.appeal == appeal || self.is_covered(sent.never_covers),
            DismissalKind::Close | DismissalKind::Later => sent.appeal == appeal && sent.at_ms >= since_ms,
        })
    }

    fn is_covered(&self, covered: Covered) -> bool {
        match covered {
            Covered::Appeal => false,
            Covered::Campaign(campaign) => self.campaign == Some(campaign),
            Covered::Kind(kind) => self.kind == kind,
        }
    }

    /// Whole days of peace; `None` is for ever.
    const fn peace_days(&self, kind: DismissalKind) -> Option<u32> {
        match kind {
            DismissalKind::Close => Some(self.days.close_days),
            DismissalKind::Later => Some(self.days.later_days),
            DismissalKind::AlreadyGave => Some(self.days.already_gave_days),
            DismissalKind::Never => self.days.never_days,
        }
    }

    /// When the last time of peace is over.
    fn opens_at(&self, facts: &Facts<'_>, since_ms: i64) -> Option<i64> {
        let mut over_ms = i64::MIN;
        for sent in self.sent(facts, since_ms) {
            let days = self.peace_days(sent.kind)?;
            if days > 0 {
                over_ms = over_ms.max(days_after(sent.at_ms, days));
            }
        }
        Some(over_ms)
    }
}

impl Check for Dismissal {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self {
            hard: draft.is_hard(),
            kind: draft.rules.kind,
            campaign: draft.campaign(),
            days: draft.rules.dismissal.clone(),
            redeploys: Redeploys::compile(draft),
        }
    }

    fn is_idle(&self) -> bool {
        self.hard
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        if self.hard || facts.dismissals().next().is_none() {
            return Outcome::Pass;
        }
        let opens_at_ms = self.redeploys.first(facts, at_ms, |since_ms| self.opens_at(facts, since_ms));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::Dismissed)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let since_ms = self.redeploys.since_ms(facts, facts.now_ms);
        let sent = self.sent(facts, since_ms).map(|sent| {
            format!("{} (age in whole days: {})", sent.kind.as_str(), age_days(sent.at_ms, facts.now_ms))
        });
        let never = self.days.never_days.map_or_else(|| "for ever".to_owned(), |days| days.to_string());
        let wanted = format!(
            "days passed: {} after close, {} after later, {} after already_gave, {never} after never",
            self.days.close_days, self.days.later_days, self.days.already_gave_days
        );
        Evidence::new(list(sent, "never sent away"), wanted)
    }
}
