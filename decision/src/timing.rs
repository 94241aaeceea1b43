//! Converts times in rules (moments, weekly hours and blackouts) to instants and spans.

use jiff::tz::TimeZone;

use crate::appeal_rules::{Blackout, Hours, Moment};
use crate::calendar::{DateSpan, MINUTE_MS, WeekHours, instant_ms};
use crate::diagnostics::Diagnostics;

/// Converts a [`Moment`] (a time as an author writes it) to milliseconds since 1970. A date without a time is the first
/// minute of the day, or, with `is_last`, the last minute.
pub(crate) fn moment_ms(zone: &TimeZone, moment: Moment, is_last: bool) -> i64 {
    let time = if is_last { jiff::civil::time(23, 59, 0, 0) } else { jiff::civil::Time::midnight() };
    match moment.local(time) {
        Ok(local) => instant_ms(zone, local),
        Err(instant) => instant.as_millisecond(),
    }
}

/// Compiles weekly hours. Invalid hours are reported and skipped.
pub(crate) fn week_hours(
    field_path: &str,
    hours: &Hours,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<WeekHours> {
    let mut minute = |name: &str, text: Option<&str>, default: i64| match text {
        None => Some(default),
        Some(text) => {
            let minute = minute_of_day(text);
            if minute.is_none() {
                diagnostics.problem(
                    format!("{field_path}.{name}"),
                    format!("{text:?} is not a time of day, such as \"07:00\"; a day ends at \"24:00\"."),
                );
            }
            minute
        }
    };
    let (from, to) = (minute("from", hours.from.as_deref(), 0), minute("to", hours.to.as_deref(), 1440));
    let (from, to) = (from?, to?);
    if from == to || from == 1440 {
        diagnostics.problem(
            format!("{field_path}.to"),
            "there is no minute between `from` and `to`: correct one, or remove both to cover the whole day.",
        );
        return None;
    }
    Some(WeekHours::new(&hours.days, from, to))
}

/// Returns the beginning of the minute that contains the instant.
pub(crate) fn minute_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(MINUTE_MS) * MINUTE_MS
}

/// Converts a time such as `07:00` to a minute of the day. `24:00` is the end of the day.
pub(crate) fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 1440).then_some(minutes)
}

/// Compiles blackouts. Merges the weekly blackouts, and lists the others.
pub(crate) fn blackouts(
    field: &str,
    blackouts: &[Blackout],
    zone: &TimeZone,
    diagnostics: &mut Diagnostics<'_>,
) -> (WeekHours, Box<[DateSpan]>) {
    let (mut weekly, mut dated) = (WeekHours::all().not(), Vec::new());
    for (place, blackout) in blackouts.iter().enumerate() {
        let path = format!("{field}[{place}]");
        let hours =
            Hours { days: blackout.days.clone(), from: blackout.from.clone(), to: blackout.to.clone() };
        let has_hours = hours != Hours::default();
        let has_dates = blackout.first_date.is_some() || blackout.last_date.is_some();
        let has_times = blackout.starts_at.is_some() || blackout.ends_at.is_some();
        let span = match (has_hours, has_dates, has_times) {
            (true, false, false) => {
                weekly = weekly.or(&week_hours(&path, &hours, diagnostics).unwrap_or(weekly.clone()));
                continue;
            }
            (false, true, false) => DateSpan::new(zone, blackout.first_date, blackout.last_date),
            (false, false, true) => {
                let first_ms =
                    blackout.starts_at.map_or(i64::MIN, |at| minute_of(moment_ms(zone, at, false)));
                let last_ms = blackout.ends_at.map(|at| minute_of(moment_ms(zone, at, true)));
                DateSpan::between(first_ms, last_ms.map_or(i64::MAX, |last_ms| last_ms + MINUTE_MS))
            }
            (false, false, false) => {
                let sentence = "the blackout has no hours, dates or times: add some, or remove the blackout.";
                diagnostics.problem(path, sentence);
                continue;
            }
            _ => {
                let sentence = "`days`, `from` and `to` can't be combined with `first_date` and `last_date`, \
                                or with `starts_at` and `ends_at`: write a separate blackout for each.";
                diagnostics.problem(path, sentence);
                continue;
            }
        };
        if span.is_empty() {
            let field = if has_dates { "last_date" } else { "ends_at" };
            diagnostics.problem(format!("{path}.{field}"), "the end is before the start: swap the two.");
        }
        dated.push(span);
    }
    (weekly, dated.into())
}
