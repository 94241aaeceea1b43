//! Labels: the enums of the API and of the rules.
//!
//! **Owns** the labels in appeals, questions and verdicts, as enums.
//! **Never** decides anything.
//! **Start at** `Kind` and `Standing` below; `reader.rs` contains the labels for readers.
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
    /// Asks a supporter whose payment failed to enter another card.
    FixCard,
    /// Asks a former supporter to come back.
    WinBack,
    /// Asks a supporter to give more. Shows only on sites that enable upsells.
    Upsell,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Ask, Self::Thank, Self::FixCard, Self::WinBack, Self::Upsell];

    /// Whether an appeal of this kind can lead to a gift.
    pub const fn wants_money(self) -> bool {
        matches!(self, Self::Ask | Self::WinBack | Self::Upsell)
    }

    /// Whether this kind asks readers who don't give at present. Such an appeal respects the quiet period after a gift.
    /// An upsell has its own rules.
    pub const fn asks_non_givers(self) -> bool {
        matches!(self, Self::Ask | Self::WinBack)
    }

    /// Returns the label, as it is in JSON.
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
    /// The appeal shows at the edge of the page.
    Banner,
    /// The appeal shows inside the article's text.
    Inline,
    /// The appeal covers the rest of the article.
    Wall,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 3] = [Self::Banner, Self::Inline, Self::Wall];

    /// Returns the label, as it is in JSON.
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

/// What is known about the reader as a supporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The reader has never given, as far as is known.
    #[default]
    None,
    /// The reader gave once.
    OneOff,
    /// The reader gives every month or year.
    Recurring,
    /// The reader gives regularly, but the last payment failed.
    PastDue,
    /// The reader used to give regularly.
    Lapsed,
    /// The standing is not known. The token is expired or can't be verified, or a payment is still pending.
    Unknown,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 6] =
        [Self::None, Self::OneOff, Self::Recurring, Self::PastDue, Self::Lapsed, Self::Unknown];

    /// Returns the label, as it is in JSON.
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
    /// The reader closed the appeal.
    Close,
    /// The reader chose "later".
    Later,
    /// The reader chose "I already gave".
    AlreadyGave,
    /// The reader chose "never again".
    Never,
}

impl DismissalKind {
    /// Every kind of dismissal.
    pub const ALL: [Self; 4] = [Self::Close, Self::Later, Self::AlreadyGave, Self::Never];

    /// Returns the label, as it is in JSON.
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
    /// Only this appeal.
    #[default]
    Appeal,
    /// Every appeal of the same campaign on the site.
    Campaign,
    /// Every appeal of the same kind on the site.
    Kind,
}

impl NeverCovers {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_appeal(&self) -> bool {
        matches!(self, Self::Appeal)
    }
}

/// How a reader with an unknown country is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCountry {
    /// The reader counts as a reader in an included country.
    Include,
    /// The reader counts as a reader in an excluded country.
    Exclude,
}

/// Whether an appeal may be shown at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// The appeal may be shown.
    Live,
    /// The appeal may be shown once its schedule has begun. The schedule must have a start.
    Scheduled,
    /// The appeal is paused.
    Paused,
    /// The appeal is not published yet.
    #[default]
    Draft,
    /// The appeal has ended for good.
    Ended,
}

impl Live {
    /// Parses the label. Returns `None` for any other text.
    pub fn parse(label: &str) -> Option<Self> {
        let all = [Self::Live, Self::Scheduled, Self::Paused, Self::Draft, Self::Ended];
        all.into_iter().find(|live| live.as_str() == label)
    }

    /// Returns the label, as it is in JSON.
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
    /// Only the bucket (the number that the browser keeps) and the weights choose the variant.
    #[default]
    Fixed,
    /// As `fixed`, but a reader who has seen a variant keeps it while it exists and has weight.
    Kept,
    /// As `kept`, and the variants' weights are learned from results.
    Learned,
}

impl Assignment {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed)
    }
}

/// What an appeal does if the question (the request for a decision) has no reading history, but a rule of the appeal
/// needs one. Examples are a cap, a sequence and a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutHistory {
    /// The appeal does not show. Without a history, the cap can't be enforced.
    #[default]
    Silent,
    /// The appeal shows, as if the history were empty.
    Ask,
}
