//! When an appeal shows.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::labels::Weekday;

/// When an appeal shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The first minute in which the appeal shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Moment>,
    /// The last minute in which the appeal shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
    /// The time zone of dates, of hours, and of times that have no offset.
    #[serde(default, skip_serializing_if = "Zone::is_site")]
    pub time_zone: Zone,
    /// The hours of the week in which the appeal shows. If the list is empty, the appeal shows at all hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// Times at which the appeal does not show. They take precedence over `hours`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// The time zone of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The site's time zone.
    #[default]
    Site,
    /// UTC.
    Utc,
}

impl Zone {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_site(&self) -> bool {
        matches!(self, Self::Site)
    }
}

/// Weekly hours: the same hours on one or more days of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days on which the hours begin. If the list is empty, they begin every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The first minute of the hours, such as `07:00`. The default is the first minute of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first minute after the hours, such as `22:00`. The default is the end of the day (`24:00`). A time before
    /// `from` is on the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A time in which the appeal does not show: weekly hours, a range of dates, or the time from one minute to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// Days of the week, as in [`Hours`]. Can't be combined with dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The first minute of the hours, as in [`Hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first minute after the hours, as in [`Hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The first day of the blackout, from the beginning of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_date: Option<Date>,
    /// The last day of the blackout, to the end of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Date>,
    /// The first minute of a single blackout, such as an election night. Can be combined only with `ends_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Moment>,
    /// The last minute of the blackout. The appeal does not show in this minute either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
}

/// A time as an author writes it. A time with an offset is the same instant everywhere. A time without one is in the
/// schedule's [`Zone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time with an offset, such as `2026-06-15T12:00:00Z`.
    Exact(Timestamp),
    /// A time without an offset, such as `2026-06-15T12:00`.
    Local(DateTime),
    /// A date, such as `2026-06-15`. As a start it means the first minute of the day, as an end the last minute.
    Day(Date),
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::Exact(at)
    }
}

impl Moment {
    /// Returns the local date and time, or the timestamp as `Err` if the moment is exact. A date without a time gets
    /// the time `time_of_date`.
    pub(crate) fn local(self, time_of_date: Time) -> Result<DateTime, Timestamp> {
        match self {
            Self::Exact(at) => Err(at),
            Self::Local(local) => Ok(local),
            Self::Day(day) => Ok(day.to_datetime(time_of_date)),
        }
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if let Ok(at) = text.parse() {
            return Ok(Self::Exact(at));
        }
        if text.len() <= "2026-06-15".len() {
            return text.parse().map(Self::Day);
        }
        text.parse().map(Self::Local)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(at) => at.fmt(f),
            Self::Local(local) => local.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            D::Error::custom(format!(
                "{text:?} is not a time; write 2026-06-15T12:00:00Z, 2026-06-15T12:00 (local time) or 2026-06-15"
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
