//! A reader who sent an appeal away is left in peace, as long as the way it was sent away asks for.
//!
//! "I already gave" is said to the newsroom, not to one wording: it counts for every appeal that asks for money.

use super::frequency::{age_days, days_after};
use super::{Check, Evidence, Outcome};
use crate::appeal_rules;
use crate::compile::Draft;
use crate::facts::Facts;
use crate::question::Dismissed;
use crate::reason::Reason;
use crate::words::DismissalKind;

#[derive(Clone, Debug)]
pub(crate) struct Dismissal {
    appeal: Box<str>,
    asks: bool,
    days: appeal_rules::Dismissal,
}

impl Dismissal {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        Self {
            appeal: draft.rules.id.as_str().into(),
            asks: draft.rules.kind.asks(),
            days: draft.rules.dismissal.clone(),
        }
    }

    fn dismissals<'q>(&self, facts: &Facts<'q>) -> impl Iterator<Item = &'q Dismissed<'q>> + use<'q, '_> {
        let dismissals = facts.history().map_or(&[][..], |history| &history.dismissals);
        dismissals.iter().filter(|dismissed| {
            *dismissed.appeal == *self.appeal || (self.asks && dismissed.kind == DismissalKind::AlreadyGave)
        })
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
}

impl Check for Dismissal {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        let reason = Reason::Dismissed;
        let mut latest_ms = None;
        for dismissed in self.dismissals(facts) {
            let Some(days) = self.peace_days(dismissed.kind) else {
                return Outcome::Blocked(reason);
            };
            let at_ms = dismissed.at.as_millisecond();
            if age_days(at_ms, facts.now_ms) < i64::from(days) {
                latest_ms = latest_ms.max(Some(days_after(at_ms, days)));
            }
        }
        match latest_ms {
            None => Outcome::Pass,
            Some(opens_at_ms) => Outcome::Waiting { reason, opens_at_ms },
        }
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen: Vec<String> = self
            .dismissals(facts)
            .map(|dismissed| {
                let age = age_days(dismissed.at.as_millisecond(), facts.now_ms);
                format!("{} (age in whole days: {age})", dismissed.kind.as_str())
            })
            .collect();
        let seen = if seen.is_empty() { "never sent away".to_owned() } else { seen.join(", ") };
        let never = self.days.never_days.map_or_else(|| "for ever".to_owned(), |days| days.to_string());
        let wanted = format!(
            "days passed: {} after close, {} after later, {} after already_gave, {never} after never",
            self.days.close_days, self.days.later_days, self.days.already_gave_days
        );
        Evidence::new(seen, wanted)
    }
}
