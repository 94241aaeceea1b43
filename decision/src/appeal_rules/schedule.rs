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
    /// The first minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Moment>,
    /// The last minute; it still belongs to the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
    /// The zone in which times without an offset, dates and hours are meant.
    #[serde(default, skip_serializing_if = "Zone::is_site")]
    pub time_zone: Zone,
    /// The hours of the week in which it shows; with none, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// When it is silent; beats the hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

/// Whose clock a schedule is written for.
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

/// Some hours of some days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days on which they begin; with none, every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// The first minute, such as `07:00`; the day's first unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first minute after them, such as `22:00`; the day's end (`24:00`) unless given. One before `from` is of
    /// the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A time of silence: some hours of each week, the days from one date to another, or from one minute to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// As in [`Hours`]. Not together with dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// As in [`Hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// As in [`Hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The first silent day, from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_date: Option<Date>,
    /// The last silent day, to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Date>,
    /// The first silent minute of a single time of silence, such as an election night. Not together with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Moment>,
    /// The last silent minute; it still belongs to the silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
}

/// A time as people write it: with an offset it is the same everywhere, without one it is the site's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `2026-06-15T12:00:00Z`, or with another offset.
    Exact(Timestamp),
    /// `2026-06-15T12:00`.
    Local(DateTime),
    /// `2026-06-15`: as a first minute the day's first, as a last minute the day's last.
    Day(Date),
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::Exact(at)
    }
}

impl Moment {
    /// As a time on a wall clock, when it is one.
    pub(crate) fn local(self, time_of_a_day: Time) -> Result<DateTime, Timestamp> {
        match self {
            Self::Exact(at) => Err(at),
            Self::Local(local) => Ok(local),
            Self::Day(day) => Ok(day.to_datetime(time_of_a_day)),
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
                "{text:?} is no time such as 2026-06-15T12:00:00Z, 2026-06-15T12:00 (the site's own) or 2026-06-15"
            ))
        })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
