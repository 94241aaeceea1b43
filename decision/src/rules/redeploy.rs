//! Redeploys: times at which an appeal starts over, once or every week, for all readers or for some countries. This is
//! not a rule itself. The rules about views and dismissals use it.

use std::sync::Arc;

use super::country::Places;
use super::spec::AppealSpec;
use crate::appeal_rules::Redeploy;
use crate::calendar::WeekTime;
use crate::context::ReaderContext;
use crate::timing::{minute_of_day, moment_ms};

#[derive(Clone, Debug)]
pub(crate) struct Redeploys {
    /// The appeal's key.
    appeal: u32,
    times: Arc<[(When, Places)]>,
}

/// When an appeal starts over.
#[derive(Clone, Debug)]
enum When {
    /// The instant, in milliseconds since 1970.
    Once(i64),
    /// The times of each week.
    Weekly(WeekTime),
}

impl When {
    fn compile(spec: &mut AppealSpec<'_, '_>, path: &str, written: &Redeploy) -> Self {
        let Some(at) = written.at else {
            if written.days.is_empty() {
                spec.problem(path, "the redeploy has no time: write `at` or `days`.");
            }
            let text = written.time.as_deref().unwrap_or("00:00");
            let minute = minute_of_day(text).filter(|minute| *minute < 24 * 60);
            if minute.is_none() {
                spec.problem(
                    format!("{path}.time"),
                    format!("{text:?} is not a time of day: write a time such as \"09:00\"."),
                );
            }
            return Self::Weekly(WeekTime::new(spec.zone(), &written.days, minute.unwrap_or(0)));
        };
        if !written.days.is_empty() || written.time.is_some() {
            let sentence = "an appeal starts over once or weekly: write either `at`, or `days` and `time`.";
            spec.problem(path, sentence);
        }
        Self::Once(moment_ms(&spec.zone(), at, false))
    }

    /// Returns the last redeploy that is not after `at_ms`.
    fn last(&self, at_ms: i64) -> Option<i64> {
        match self {
            Self::Once(time_ms) => Some(*time_ms).filter(|time_ms| *time_ms <= at_ms),
            Self::Weekly(times) => times.last(at_ms),
        }
    }

    /// Returns the first redeploy after `at_ms`.
    fn next(&self, at_ms: i64) -> Option<i64> {
        match self {
            Self::Once(time_ms) => Some(*time_ms).filter(|time_ms| *time_ms > at_ms),
            Self::Weekly(times) => times.next(at_ms),
        }
    }
}

impl Redeploys {
    pub(super) fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let mut times = Vec::new();
        for (place, redeploy) in spec.rules.redeploys.iter().enumerate() {
            let path = format!("redeploys[{place}]");
            let places = Places::compile(spec, &path, &redeploy.countries, &redeploy.regions);
            times.push((When::compile(spec, &path, redeploy), places));
        }
        Self { appeal: spec.key, times: times.into() }
    }

    pub(super) const fn appeal(&self) -> u32 {
        self.appeal
    }

    /// Returns the redeploys that apply in the reader's country and region.
    fn times<'q>(&'q self, context: &'q ReaderContext<'_>) -> impl Iterator<Item = &'q When> {
        self.times.iter().filter(|(_, places)| places.contain(context)).map(|(when, _)| when)
    }

    /// Returns the instant of the last redeploy up to `at_ms`. Views and dismissals before it no longer count.
    pub(super) fn since_ms(&self, context: &ReaderContext<'_>, at_ms: i64) -> i64 {
        self.times(context).filter_map(|when| when.last(at_ms)).max().unwrap_or(i64::MIN)
    }

    /// Returns the first instant at or after `at_ms` at which a rule passes. `opens_at` takes the instant from which
    /// the history counts. It returns the instant at which the rule starts to pass if no further redeploy happens.
    /// `None` means that the rule never passes.
    pub(super) fn first_pass_ms(
        &self,
        context: &ReaderContext<'_>,
        at_ms: i64,
        opens_at: impl Fn(i64) -> Option<i64>,
    ) -> Option<i64> {
        let before_redeploy = opens_at(self.since_ms(context, at_ms)).map(|opens_ms| opens_ms.max(at_ms));
        if before_redeploy == Some(at_ms) || self.times.is_empty() {
            return before_redeploy;
        }
        // An entry of the history may stop counting at the first redeploy after it. So the next redeploy is tried, and
        // for each entry that is dated in the future, the first redeploy after that entry.
        let dismissals = context.dismissals().map(|dismissal| dismissal.at_ms);
        let future_entries = dismissals.chain(context.views(at_ms)).filter(|entry_ms| *entry_ms > at_ms);
        let changes = std::iter::once(at_ms).chain(future_entries);
        let redeploys =
            changes.flat_map(|from_ms| self.times(context).filter_map(move |when| when.next(from_ms)));
        let openings = redeploys.filter_map(|time_ms| Some(opens_at(time_ms)?.max(time_ms)));
        openings.chain(before_redeploy).min()
    }
}
