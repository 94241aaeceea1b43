//! Labels for readers.

use serde::{Deserialize, Serialize};

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A desktop or laptop computer.
    Desktop,
}

impl Device {
    /// Every kind of device.
    pub const ALL: [Self; 3] = [Self::Mobile, Self::Tablet, Self::Desktop];

    /// Returns the label, as it is in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
        }
    }

    /// Parses the label without regard to case. Returns `None` for any other text.
    pub fn parse(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.as_str().eq_ignore_ascii_case(label))
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Whether an appeal needs the reader's consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The reader's consent does not matter.
    #[default]
    Any,
    /// The page must send the consent `granted`.
    Required,
}

impl Consent {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }
}

/// Whether the reader has visited before, according to the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderKind {
    /// The reader has seen and dismissed no appeal, and has read at most one article, which may be the current one.
    New,
    /// Any other reader.
    Returning,
}

/// How the number of articles that the reader read in the last four whole weeks compares with the four weeks before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// At least a quarter more articles, and at least two more.
    Rising,
    /// At least a quarter fewer articles, and at least two fewer.
    Falling,
    /// Any other difference.
    Steady,
}

impl Trend {
    /// Returns the label, as it is in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rising => "rising",
            Self::Falling => "falling",
            Self::Steady => "steady",
        }
    }

    /// Returns the trend from `before` to `recent`, the numbers of articles in the two periods.
    pub(crate) const fn of(recent: u64, before: u64) -> Self {
        let (more, less) = (recent.saturating_sub(before), before.saturating_sub(recent));
        if more >= 2 && more.saturating_mul(4) >= before {
            Self::Rising
        } else if less >= 2 && less.saturating_mul(4) >= before {
            Self::Falling
        } else {
            Self::Steady
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_needs_a_quarter_and_two_articles_more_or_less() {
        assert_eq!(Trend::of(10, 8), Trend::Rising);
        assert_eq!(Trend::of(9, 8), Trend::Steady);
        assert_eq!(Trend::of(1, 0), Trend::Steady);
        assert_eq!(Trend::of(2, 0), Trend::Rising);
        assert_eq!(Trend::of(6, 8), Trend::Falling);
        assert_eq!(Trend::of(7, 8), Trend::Steady);
        assert_eq!(Trend::of(0, 1), Trend::Steady);
        assert_eq!(Trend::of(98, 100), Trend::Steady);
    }
}
