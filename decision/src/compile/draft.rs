//! An appeal on its way through the compiler.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{NameId, Names, Problem, Site};
use crate::appeal_rules::{AppealRules, Blackout, Hours, Moment, SiteRules, Zone};
use crate::calendar::{DateSpan, MINUTE_MS, WeekHours};
use crate::choice::Variants;

/// Who wrote what is being checked.
#[derive(Clone, Copy)]
pub(crate) enum Author<'a> {
    Site(&'a SiteRules),
    Appeal(&'a AppealRules),
}

/// Characters that an id may have.
const LONGEST_ID: usize = 100;

/// Where complaints go.
pub(crate) struct Complaints<'a> {
    author: Author<'a>,
    problems: &'a mut Vec<Problem>,
    problems_before: usize,
}

impl<'a> Complaints<'a> {
    pub(super) fn new(author: Author<'a>, problems: &'a mut Vec<Problem>) -> Self {
        let problems_before = problems.len();
        Self { author, problems, problems_before }
    }

    /// Whoever is compiled for several sites says each thing once.
    pub(crate) fn problem(&mut self, field_path: impl Into<String>, sentence: impl Into<String>) {
        let problem = match self.author {
            Author::Site(rules) => Problem::of_site(rules, field_path, sentence),
            Author::Appeal(rules) => Problem::of_appeal(rules, field_path, sentence),
        };
        if !self.problems[self.problems_before..].contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Ids stand in addresses, in results and on payments, so they are short and of one line. True when there is nothing
    /// to say against this one.
    pub(crate) fn check_id(&mut self, field_path: impl Into<String>, id: &str, what: &str) -> bool {
        if id.trim().is_empty() {
            self.problem(field_path, format!("{what} needs an id."));
        } else if id.chars().count() > LONGEST_ID || id.contains(char::is_control) {
            let sentence = format!(
                "an id is at most {LONGEST_ID} characters long and of one line: give {what} another."
            );
            self.problem(field_path, sentence);
        } else {
            return true;
        }
        false
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.len() == self.problems_before
    }
}

/// What every rule is given to compile its part: the appeal as written, its site, the names, and a place for
/// complaints.
pub(crate) struct Draft<'a, 'b> {
    pub(crate) rules: &'a AppealRules,
    /// By which the facts know the appeal.
    pub(crate) key: u32,
    pub(crate) site: &'b Site,
    pub(crate) variants: &'b Arc<Variants>,
    pub(super) names: &'b mut Names,
    pub(crate) complaints: &'b mut Complaints<'a>,
}

impl Draft<'_, '_> {
    pub(crate) fn problem(&mut self, field_path: impl Into<String>, sentence: impl Into<String>) {
        self.complaints.problem(field_path, sentence);
    }

    /// The zone in which the appeal's schedule is written.
    pub(crate) fn zone(&self) -> TimeZone {
        match self.rules.schedule.time_zone {
            Zone::Site => self.site.time_zone.clone(),
            Zone::Utc => TimeZone::UTC,
        }
    }

    /// Complains where all that is included is excluded too.
    pub(crate) fn refuse_shadowed<T: PartialEq>(&mut self, field_path: &str, include: &[T], exclude: &[T]) {
        if !include.is_empty() && include.iter().all(|name| exclude.contains(name)) {
            self.problem(
                format!("{field_path}.include"),
                "every one of them is excluded too: it is meant for nobody.",
            );
        }
    }

    /// Whether it is a wall that can't be closed, and that nothing but an entitlement opens.
    pub(crate) fn is_hard(&self) -> bool {
        self.rules.meter.as_ref().is_some_and(|meter| meter.hard)
    }

    /// The appeal's campaign as a number.
    pub(crate) fn campaign(&mut self) -> Option<NameId> {
        let campaign = self.rules.campaign.as_deref()?;
        if campaign.trim().is_empty() {
            self.problem("campaign", "an empty name is none: write one, or take it out.");
            return None;
        }
        Some(self.names.add(campaign))
    }

    /// The number of a name that some rule speaks of.
    pub(crate) fn name(&self, name: &str) -> Option<NameId> {
        self.names.find(name)
    }

    /// Turns a list of names into numbers, sorted.
    pub(crate) fn names(&mut self, field_path: &str, names: &[String]) -> Box<[NameId]> {
        self.names.add_all(field_path, names, self.complaints)
    }
}

/// A time as an instant; a mere date begins with its first minute, or with its last.
pub(crate) fn moment_ms(zone: &TimeZone, moment: Moment, is_last: bool) -> i64 {
    let time = if is_last { jiff::civil::time(23, 59, 0, 0) } else { jiff::civil::Time::midnight() };
    match moment.local(time) {
        Ok(wall) => crate::calendar::instant_ms(zone, wall),
        Err(instant) => instant.as_millisecond(),
    }
}

/// Reads hours of the week; what can't be read is complained of and left out.
pub(crate) fn week_hours(
    field_path: &str,
    hours: &Hours,
    complaints: &mut Complaints<'_>,
) -> Option<WeekHours> {
    let mut minute = |name: &str, text: Option<&str>, default: i64| match text {
        None => Some(default),
        Some(text) => {
            let minute = minute_of_day(text);
            if minute.is_none() {
                complaints.problem(
                    format!("{field_path}.{name}"),
                    format!("{text:?} is no time of day such as \"07:00\"; a day ends at \"24:00\"."),
                );
            }
            minute
        }
    };
    let (from, to) = (minute("from", hours.from.as_deref(), 0), minute("to", hours.to.as_deref(), 1440));
    let (from, to) = (from?, to?);
    if from == to || from == 1440 {
        complaints.problem(
            format!("{field_path}.to"),
            "no minute lies between the two: leave both out for the whole day.",
        );
        return None;
    }
    Some(WeekHours::new(&hours.days, from, to))
}

/// The beginning of the minute.
fn minute_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(MINUTE_MS) * MINUTE_MS
}

/// The minute of the day that `07:00` is; `24:00` is the day's end.
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

/// Reads times of silence: those of each week together, and those by date.
pub(crate) fn blackouts(
    field: &str,
    blackouts: &[Blackout],
    zone: &TimeZone,
    complaints: &mut Complaints<'_>,
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
                weekly = weekly.or(&week_hours(&path, &hours, complaints).unwrap_or(weekly.clone()));
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
                let sentence = "it says neither hours nor dates nor times: name some, or take it out.";
                complaints.problem(path, sentence);
                continue;
            }
            _ => {
                let sentence = "it has more than one of hours, dates and times: write one blackout for each.";
                complaints.problem(path, sentence);
                continue;
            }
        };
        if span.is_empty() {
            let field = if has_dates { "last_date" } else { "ends_at" };
            complaints.problem(format!("{path}.{field}"), "it ends before it begins: swap the two.");
        }
        dated.push(span);
    }
    (weekly, dated.into())
}
