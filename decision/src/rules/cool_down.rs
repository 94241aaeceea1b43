//! The cool-down: a minimum pause, on every surface, after a reader sees or dismisses any appeal.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::appeal_rules;
use crate::calendar::MINUTE_MS;
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct CoolDown(appeal_rules::CoolDown);

impl CoolDown {
    /// Returns when both pauses are over, and the reason of the pause that ends last.
    fn over_at(&self, context: &ReaderContext<'_>, at_ms: i64) -> (i64, Reason) {
        let over_ms = |newest_ms: Option<i64>, minutes: u32| match newest_ms {
            Some(at_ms) if minutes > 0 => at_ms.saturating_add(i64::from(minutes) * MINUTE_MS),
            _ => i64::MIN,
        };
        let view_pause_over_ms = over_ms(context.views(at_ms).next(), self.0.after_view_minutes);
        let newest_dismissal_ms = context.dismissals().map(|dismissal| dismissal.at_ms).max();
        let dismissal_pause_over_ms = over_ms(newest_dismissal_ms, self.0.after_dismissal_minutes);
        if dismissal_pause_over_ms >= view_pause_over_ms {
            (dismissal_pause_over_ms, Reason::Dismissed)
        } else {
            (view_pause_over_ms, Reason::FrequencyCap)
        }
    }
}

impl Check for CoolDown {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(if spec.is_hard() { appeal_rules::CoolDown::default() } else { spec.site.cool_down.clone() })
    }

    fn is_noop(&self) -> bool {
        self.0 == appeal_rules::CoolDown::default()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let (opens_at_ms, reason) = self.over_at(context, at_ms);
        Outcome::from_opening(Some(opens_at_ms), at_ms, reason)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let ago = |newest_ms: Option<i64>| {
            newest_ms.map_or_else(
                || "never".to_owned(),
                |at_ms| {
                    let minutes = context.now_ms.saturating_sub(at_ms).max(0) / MINUTE_MS;
                    format!("{} ago", quantity(minutes.unsigned_abs(), "minute"))
                },
            )
        };
        let seen = format!(
            "last view of any appeal: {}; last dismissal: {}",
            ago(context.views(context.now_ms).next()),
            ago(context.dismissals().map(|dismissal| dismissal.at_ms).max())
        );
        let wanted = format!(
            "at least {} after a view, at least {} after a dismissal",
            quantity(self.0.after_view_minutes, "minute"),
            quantity(self.0.after_dismissal_minutes, "minute")
        );
        Evidence::new(seen, wanted)
    }
}
