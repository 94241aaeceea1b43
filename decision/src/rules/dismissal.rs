//! A reader who dismissed an appeal does not see it for some days. The number of days depends on the kind of dismissal.
//!
//! "I already gave" applies to every appeal that asks for money, not to one appeal. The appeal that was dismissed sets
//! which appeals "never again" covers: only itself, its campaign, or its kind.

use super::cap::{age_days, days_after, whole_days};
use super::redeploy::Redeploys;
use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::appeal_rules;
use crate::context::{PastDismissal, ReaderContext};
use crate::labels::{DismissalKind, Kind};
use crate::names::NameId;
use crate::reason::Reason;
use crate::site::Covered;

#[derive(Clone, Debug)]
pub(crate) struct Dismissal {
    /// Whether the appeal is a wall that the reader can't close. Such a wall can't be dismissed.
    is_hard: bool,
    kind: Kind,
    campaign: Option<NameId>,
    days: appeal_rules::Dismissal,
    redeploys: Redeploys,
}

impl Dismissal {
    /// Returns the dismissals that still count for this appeal. "Already gave" and "never" count even if they are older
    /// than `since_ms`, the last redeploy (the time at which the appeal started over).
    fn dismissals(&self, context: &ReaderContext<'_>, since_ms: i64) -> impl Iterator<Item = PastDismissal> {
        let appeal = self.redeploys.appeal();
        context.dismissals().filter(move |dismissal| match dismissal.kind {
            DismissalKind::AlreadyGave => self.kind.asks_non_givers() || dismissal.appeal == appeal,
            DismissalKind::Never => dismissal.appeal == appeal || self.is_covered(dismissal.never_covers),
            DismissalKind::Close | DismissalKind::Later => {
                dismissal.appeal == appeal && dismissal.at_ms >= since_ms
            }
        })
    }

    fn is_covered(&self, covered: Covered) -> bool {
        match covered {
            Covered::Appeal => false,
            Covered::Campaign(campaign) => self.campaign == Some(campaign),
            Covered::Kind(kind) => self.kind == kind,
        }
    }

    /// Returns for how many whole days the appeal does not show after a dismissal of this kind; `None` means forever.
    const fn quiet_days(&self, kind: DismissalKind) -> Option<u32> {
        match kind {
            DismissalKind::Close => Some(self.days.close_days),
            DismissalKind::Later => Some(self.days.later_days),
            DismissalKind::AlreadyGave => Some(self.days.already_gave_days),
            DismissalKind::Never => self.days.never_days,
        }
    }

    /// Returns when the periods after all of these dismissals are over; `None` if one of them lasts forever.
    fn opens_at(&self, context: &ReaderContext<'_>, since_ms: i64) -> Option<i64> {
        let mut over_ms = i64::MIN;
        for dismissal in self.dismissals(context, since_ms) {
            let days = self.quiet_days(dismissal.kind)?;
            if days > 0 {
                over_ms = over_ms.max(days_after(dismissal.at_ms, days));
            }
        }
        Some(over_ms)
    }
}

impl Check for Dismissal {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self {
            is_hard: spec.is_hard(),
            kind: spec.rules.kind,
            campaign: spec.campaign(),
            days: spec.rules.dismissal.clone(),
            redeploys: Redeploys::compile(spec),
        }
    }

    fn is_noop(&self) -> bool {
        self.is_hard
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        if self.is_hard || context.dismissals().next().is_none() {
            return Outcome::Pass;
        }
        let opens_at_ms =
            self.redeploys.first_pass_ms(context, at_ms, |since_ms| self.opens_at(context, since_ms));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::Dismissed)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let since_ms = self.redeploys.since_ms(context, context.now_ms);
        let dismissals = self.dismissals(context, since_ms).map(|dismissal| {
            let age = whole_days(age_days(dismissal.at_ms, context.now_ms));
            format!("`{}` {age} ago", dismissal.kind.as_str())
        });
        let after_never = match self.days.never_days {
            Some(days) => format!(", {days} after `never`"),
            None => "; `never` lasts forever".to_owned(),
        };
        let wanted = format!(
            "days that must pass: {} after `close`, {} after `later`, {} after `already_gave`{after_never}",
            self.days.close_days, self.days.later_days, self.days.already_gave_days
        );
        Evidence::new(list(dismissals, "never dismissed"), wanted)
    }
}
