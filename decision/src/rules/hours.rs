//! Limits an appeal to hours of the week, and applies the blackouts of the appeal and of the site.

use jiff::tz::TimeZone;

use super::schedule::describe;
use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::calendar::{DateSpan, WeekHours};
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::timing::{blackouts, week_hours};

/// The maximum number of steps in the search for an open time. A time is open if it is in the hours of the appeal's
/// time zone and in those of the site's time zone, and in no blackout. Each step moves the time forward past the
/// blackouts, then to the next hours in the appeal's time zone, and from there to the next hours in the site's.
const MAX_STEPS: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct OpenHours {
    zone: TimeZone,
    /// Hours in the appeal's time zone.
    own: WeekHours,
    /// Hours in the site's time zone. If the two time zones are the same, all weekly limits are in `own`, and
    /// `site` contains every hour.
    site: WeekHours,
    /// The blackouts that happen once.
    silent_spans: Box<[DateSpan]>,
    /// Whether the appeal's time zone is the site's time zone.
    is_site_zone: bool,
}

impl OpenHours {
    fn is_in_silent_span(&self, at_ms: i64) -> bool {
        self.silent_spans.iter().any(|span| span.has(at_ms))
    }

    /// Returns the first open instant at or after `at_ms`.
    fn opens_at(&self, site_zone: &TimeZone, at_ms: i64) -> Option<i64> {
        let mut open_ms = at_ms;
        for _ in 0..MAX_STEPS {
            let step_ms = DateSpan::first_outside(self.silent_spans.iter().copied(), open_ms)?;
            let step_ms = self.own.opens_at(&self.zone, step_ms)?;
            let step_ms = self.site.opens_at(site_zone, step_ms)?;
            if step_ms == open_ms {
                return Some(open_ms);
            }
            open_ms = step_ms;
        }
        None
    }
}

impl Check for OpenHours {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let (zone, site, schedule) = (spec.zone(), spec.site, &spec.rules.schedule);
        let mut hours = WeekHours::all().not();
        for (place, written) in schedule.hours.iter().enumerate() {
            if let Some(more) = week_hours(&format!("schedule.hours[{place}]"), written, spec.diagnostics) {
                hours = hours.or(&more);
            }
        }
        if schedule.hours.is_empty() {
            hours = WeekHours::all();
        }
        let (weekly, dated) = blackouts("schedule.blackouts", &schedule.blackouts, &zone, spec.diagnostics);
        let mut own = hours.minus(&weekly);
        let mut site_hours = site.silent_hours.not();
        if zone == site.time_zone {
            own = own.minus(&site.silent_hours);
            site_hours = WeekHours::all();
        }
        if own.is_empty() || site_hours.is_empty() {
            spec.problem(
                "schedule.hours",
                "the blackouts of the appeal and the site leave no time of the week to show the appeal.",
            );
        }
        let silent_spans = dated.iter().chain(&site.silent_dates).copied().collect();
        let is_site_zone = zone == site.time_zone;
        Self { zone, own, site: site_hours, silent_spans, is_site_zone }
    }

    fn is_noop(&self) -> bool {
        self.own.is_all() && self.site.is_all() && self.silent_spans.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        // This covers the common case without a search. The site's local time is computed once for all appeals.
        if self.is_site_zone && self.own.contain(context.local_ms(at_ms)) && !self.is_in_silent_span(at_ms) {
            return Outcome::Pass;
        }
        Outcome::from_opening(self.opens_at(&context.site.time_zone, at_ms), at_ms, Reason::OutOfSchedule)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let mut wanted = self.own.describe();
        // The time zone of a schedule is either the site's or UTC.
        if !self.is_site_zone && !self.own.is_all() {
            wanted.push_str(" (UTC)");
        }
        if !self.site.is_all() {
            wanted.push_str(&format!("; in the site's time zone: {}", self.site.describe()));
        }
        if self.is_in_silent_span(context.now_ms) {
            wanted.push_str("; not during a blackout");
        }
        Evidence::new(describe(context.now_ms, context), wanted)
    }
}
