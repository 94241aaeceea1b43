//! Labels: the enums of the API and of the rules.
//!
//! **Owns** the labels in appeals, questions and verdicts, as enums.
//! **Never** decides anything.
//! **Start at** `Kind` and `Standing` below; labels for readers are in `reader.rs`.
//! **Tested in** `tests/decision/reading.rs`.

mod reader;
mod value;
mod weekday;

use serde::{Deserialize, Serialize};

pub use reader::{Consent, Device, ReaderKind, Trend};
pub use value::Value;
pub use weekday::Weekday;

/// What an appeal asks of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Asks for a contribution.
    Ask,
    /// Thanks a supporter; asks for nothing.
    Thank,
    /// Asks a supporter whose payment failed for another card.
    FixCard,
    /// Asks a former supporter to come back.
    WinBack,
    /// Asks a supporter to give more. Shows only on sites with upsells enabled.
    Upsell,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Ask, Self::Thank, Self::FixCard, Self::WinBack, Self::Upsell];

    /// Whether an appeal of this kind can lead to a gift.
    pub const fn wants_money(self) -> bool {
        matches!(self, Self::Ask | Self::WinBack | Self::Upsell)
    }

    /// Whether this kind asks readers who don't give at present, so that it respects the quiet period after a gift. An upsell has its own rules.
    pub const fn asks(self) -> bool {
        matches!(self, Self::Ask | Self::WinBack)
    }

    /// The label as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Thank => "thank",
            Self::FixCard => "fix_card",
            Self::WinBack => "win_back",
            Self::Upsell => "upsell",
        }
    }
}

/// Where on the page an appeal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// At the edge of the page.
    Banner,
    /// In the article's text.
    Inline,
    /// Covers the rest of the article.
    Wall,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 3] = [Self::Banner, Self::Inline, Self::Wall];

    /// The label as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Inline => "inline",
            Self::Wall => "wall",
        }
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What is known about a reader's support.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Never gave, as far as is known.
    #[default]
    None,
    /// Gave once.
    OneOff,
    /// Gives every month or year.
    Recurring,
    /// Gives regularly, but the last payment failed.
    PastDue,
    /// Used to give regularly.
    Lapsed,
    /// Not known: an expired or unverifiable token, or a payment that is still pending.
    Unknown,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 6] =
        [Self::None, Self::OneOff, Self::Recurring, Self::PastDue, Self::Lapsed, Self::Unknown];

    /// The label as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OneOff => "one_off",
            Self::Recurring => "recurring",
            Self::PastDue => "past_due",
            Self::Lapsed => "lapsed",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// How a reader dismissed an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DismissalKind {
    /// Closed it.
    Close,
    /// Said "later".
    Later,
    /// Said "I already gave".
    AlreadyGave,
    /// Said "never again".
    Never,
}

impl DismissalKind {
    /// Every kind of dismissal.
    pub const ALL: [Self; 4] = [Self::Close, Self::Later, Self::AlreadyGave, Self::Never];

    /// The label as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Later => "later",
            Self::AlreadyGave => "already_gave",
            Self::Never => "never",
        }
    }
}

/// What a reader's "never again" covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeverCovers {
    /// The appeal alone.
    #[default]
    Appeal,
    /// Every appeal of its campaign on the site.
    Campaign,
    /// Every appeal of its kind on the site.
    Kind,
}

impl NeverCovers {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_appeal(&self) -> bool {
        matches!(self, Self::Appeal)
    }
}

/// What a reader whose country is unknown counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCountry {
    /// Counts as an included country.
    Include,
    /// Counts as an excluded country.
    Exclude,
}

/// Whether an appeal may be shown at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// May be shown.
    Live,
    /// May be shown once its schedule, which must have a start, has begun.
    Scheduled,
    /// Paused.
    Paused,
    /// Not published yet.
    #[default]
    Draft,
    /// Ended for good.
    Ended,
}

impl Live {
    /// Parses the label.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Live, Self::Scheduled, Self::Paused, Self::Draft, Self::Ended];
        all.into_iter().find(|live| live.as_str() == word)
    }

    /// The label as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Scheduled => "scheduled",
            Self::Paused => "paused",
            Self::Draft => "draft",
            Self::Ended => "ended",
        }
    }
}

/// How a reader's variant is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Only by the bucket and the weights.
    #[default]
    Fixed,
    /// As `fixed`, but a reader who has seen a variant keeps it while it exists and has weight.
    Kept,
    /// As `kept`, and the weights follow results.
    Learned,
}

impl Assignment {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed)
    }
}

/// What an appeal with a view cap does if the question has no history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutHistory {
    /// Does not show: without a history, the cap can't be enforced.
    #[default]
    Silent,
    /// Shows, as if the history were empty.
    Ask,
}
