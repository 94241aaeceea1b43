//! The meter: how many articles are free before the appeal shows.
//!
//! The days of the appeal's window count: today, in the site's time zone, and the days before it. A day in the future
//! counts as today, because the reader's clock may be ahead. Without new articles, the number can therefore only fall.
//! Time alone can make an appeal stop showing, but can never make it show.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::appeal_rules::{self, DEFAULT_METER_DAYS, MAX_METER_DAYS};
use crate::calendar::DAY_MS;
use crate::calendar::date_of_local;
use crate::context::ReaderContext;
use crate::labels::Surface;
use crate::reason::Reason;
use crate::site::EMPTY_WINDOW;

#[derive(Clone, Debug)]
pub(crate) struct Meter(Option<appeal_rules::Meter>);

impl Meter {
    /// Whether the reader's entitlement allows them to continue to read, so that the appeal does not show.
    fn is_entitled(&self, context: &ReaderContext<'_>) -> bool {
        let entitlement = self.0.as_ref().and_then(|meter| meter.entitlement.as_deref());
        entitlement.is_some_and(|entitlement| context.is_entitled(entitlement))
    }

    fn window_days(&self) -> u32 {
        self.0.as_ref().map_or(DEFAULT_METER_DAYS, |meter| meter.window_days)
    }

    /// Returns the number of free articles that were used before the current page.
    fn used(&self, context: &ReaderContext<'_>, at_ms: i64) -> u64 {
        let Some(history) = context.history() else {
            return 0;
        };
        let Some(days) = &history.article_days else {
            return history.free_articles_used.unwrap_or(0).into();
        };
        let before_today_ms = i64::from(self.window_days().saturating_sub(1)) * DAY_MS;
        let first = date_of_local(context.local_ms(at_ms).saturating_sub(before_today_ms));
        days.iter().filter(|read| read.day >= first).map(|read| u64::from(read.count)).sum()
    }
}

impl Check for Meter {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let rules = spec.rules;
        match rules.meter.as_ref().map(|meter| meter.window_days) {
            Some(0) => spec.problem("meter.window_days", EMPTY_WINDOW),
            Some(days) if days > MAX_METER_DAYS => spec.problem(
                "meter.window_days",
                format!("browsers keep {MAX_METER_DAYS} days of articles: write at most {MAX_METER_DAYS}."),
            ),
            _ => {}
        }
        if let Some(meter) = rules.meter.as_ref().filter(|meter| meter.hard) {
            if meter.entitlement.is_none() {
                spec.problem(
                    "meter.entitlement",
                    "no reader could get past this hard wall: name the entitlement that opens it.",
                );
            }
            if rules.surface.iter().any(|surface| *surface != Surface::Wall) {
                spec.problem(
                    "surface",
                    "only a wall can be hard: remove the other surfaces, or write another appeal for them.",
                );
            }
            if rules.frequency.is_some() {
                spec.problem(
                    "frequency",
                    "a hard wall can't have a cap: remove the cap, or make the wall soft.",
                );
            }
        }
        Self(rules.meter.clone())
    }

    fn is_noop(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        if self.is_entitled(context) {
            return Outcome::Blocked(Reason::NotTargeted);
        }
        let is_used_up =
            self.0.as_ref().is_none_or(|meter| self.used(context, at_ms) >= u64::from(meter.free_articles));
        Outcome::pass_if(is_used_up, Reason::BelowMeter)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let entitled = if self.is_entitled(context) { ", entitled to continue reading" } else { "" };
        let used = quantity(self.used(context, context.now_ms), "free article");
        let window = format!(" in {}", quantity(self.window_days(), "day"));
        // If the caller counts articles itself, the window of its count is not known here.
        let is_counted_here = context.history().is_some_and(|history| history.article_days.is_some());
        let seen = format!("{used} used{}{entitled}", if is_counted_here { window.as_str() } else { "" });
        let wanted = self.0.as_ref().map_or_else(
            || "any number".to_owned(),
            |meter| format!("at least {} used{window}", quantity(meter.free_articles, "free article")),
        );
        Evidence::new(seen, wanted)
    }
}
