//! Shares of readers, sequences of variants, and the meter (the number of articles that are free before an appeal
//! shows).

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A step of a sequence of variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The variant's id.
    pub variant: String,
    /// How long the step lasts, in views of the appeal. Only the last step may omit this. Without it, the step never
    /// ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<u32>,
}

/// The number of days for which a browser keeps articles. This is also the longest window of a [`Meter`].
pub const MAX_METER_DAYS: u32 = 92;

/// How many articles are free before an appeal shows. They are counted from the history's `article_days`. Without
/// `article_days`, the caller's own count (`free_articles_used`) is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// How many articles are free.
    pub free_articles: u32,
    /// The number of days in which articles count: today, in the site's time zone, and the days before it. The value is
    /// 1 to 92; the default is 30.
    #[serde(default = "default_window_days")]
    pub window_days: u32,
    /// Whether the reader can't close the wall. Caps and dismissals then have no effect on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hard: bool,
    /// Readers with this entitlement can continue to read. Required for a hard wall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<String>,
}

/// The default number of days in which articles count.
pub(crate) const DEFAULT_METER_DAYS: u32 = 30;

fn default_window_days() -> u32 {
    DEFAULT_METER_DAYS
}

/// A percentage of all readers, from 0 to 100 with up to four decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

const PER_PERCENT: u32 = 10_000;

impl Percent {
    /// Returns 100 %: every reader.
    pub const fn all() -> Self {
        Self(100 * PER_PERCENT)
    }

    /// Creates a percentage. Returns `None` if the number is not from 0 to 100.
    pub fn new(percent: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a million, at least 0"
        )]
        (0.0..=100.0).contains(&percent).then(|| Self((percent * f64::from(PER_PERCENT)).round() as u32))
    }

    /// Returns the number of readers out of a million.
    pub const fn per_million(self) -> u32 {
        self.0
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::all()
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_none(&self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0) / f64::from(PER_PERCENT))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        Self::new(percent)
            .ok_or_else(|| D::Error::custom(format!("{percent} is not a percentage from 0 to 100")))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(PER_PERCENT) {
            serializer.serialize_u32(self.0 / PER_PERCENT)
        } else {
            serializer.serialize_f64(f64::from(self.0) / f64::from(PER_PERCENT))
        }
    }
}
