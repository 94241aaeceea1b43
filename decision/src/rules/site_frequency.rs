//! Limits how often one reader is asked for money on one site, across all appeals. Views of appeals that ask for money
//! count, and so do views of appeals that no longer exist. Upsells (requests to give more) have their own cap, and
//! their views count only for that cap. Views of appeals that ask for nothing do not count. Neither cap applies to an
//! appeal that asks for nothing, that is `unlimited`, or that is a wall which the reader can't close.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::context::ReaderContext;
use crate::labels::Kind;
use crate::reason::Reason;
use crate::site::Cap;

#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteFrequency {
    cap: Option<Cap>,
    is_upsell: bool,
}

impl SiteFrequency {
    fn opens_at(&self, cap: &Cap, context: &ReaderContext<'_>, at_ms: i64) -> i64 {
        if self.is_upsell {
            cap.opens_at(context.views_of_upsells(at_ms), context)
        } else {
            cap.opens_at(context.views_of_asks(at_ms), context)
        }
    }
}

impl Check for SiteFrequency {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let is_unlimited = spec.rules.frequency.as_ref().is_some_and(|frequency| frequency.unlimited);
        let is_capped = spec.rules.kind.wants_money() && !is_unlimited && !spec.is_hard();
        let is_upsell = spec.rules.kind == Kind::Upsell;
        let cap = if is_upsell { spec.site.upsell_frequency } else { spec.site.frequency };
        Self { cap: cap.filter(|_| is_capped), is_upsell }
    }

    fn is_noop(&self) -> bool {
        self.cap.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let opens_at_ms = self.cap.map_or(i64::MIN, |cap| self.opens_at(&cap, context, at_ms));
        Outcome::from_opening(Some(opens_at_ms), at_ms, Reason::FrequencyCap)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let now_ms = context.now_ms;
        let Some(cap) = self.cap else {
            let views = context.views_of_asks(now_ms).count() as u64;
            return Evidence::new(format!("{} on the whole site", quantity(views, "view")), "no condition");
        };
        let seen = if self.is_upsell {
            let views = context.views_of_upsells(now_ms);
            format!("upsells on the whole site: {}", cap.describe_views(views, now_ms))
        } else {
            format!("on the whole site: {}", cap.describe_views(context.views_of_asks(now_ms), now_ms))
        };
        Evidence::new(seen, cap.describe_limits())
    }
}
