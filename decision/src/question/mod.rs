//! The question: a page's request for a decision, "show the appeal?". Only `site` is required. Unknown fields are
//! ignored.
//!
//! **Owns** the question's fields, and both ways to parse them from JSON: serde, and the fast parser in `fast.rs`.
//! **Never** decides anything, and never checks whether a page's statements make sense.
//! **Start at** [`Question`] below.
//! **Tested in** `tests/decision/reading.rs`, `tests/decision/fast.rs`, `tests/decision/near_misses.rs`.

mod cursor;
mod fast;
mod near_misses;
mod objects;
mod text;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::calendar::{date_of, timestamp_of};
use crate::labels::{DismissalKind, Surface};
pub use fast::{UnparsedCounts, fast_question};
pub use near_misses::{NearMisses, near_miss};
use objects::{label, labels, maybe_object, maybe_objects, object, objects};
pub use text::Text;

/// Declares an object of the question: the struct, how serde parses it, and the names of its fields for
/// `near_misses.rs`. The fast parser constructs the struct without `..`, so it can't forget a field.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        pub struct $object:ident $(<$life:lifetime>)? {
            $($(#[$field_attribute:meta])* pub $field:ident: $kind:ty,)+
        }
    ) => {
        $(#[$attribute])*
        pub struct $object $(<$life>)? {
            $($(#[$field_attribute])* pub $field: $kind,)+
        }

        impl $(<$life>)? $object $(<$life>)? {
            pub(crate) const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
        }
    };
}

object! {
    /// What a page says about itself and its reader.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct Question<'a> {
        /// The site whose page asks.
        #[serde(borrow)]
        pub site: Text<'a>,
        /// The surfaces on which the page has room for an appeal; all of them if omitted or empty.
        #[serde(default, deserialize_with = "labels")]
        pub surfaces: Vec<Surface>,
        /// The page.
        #[serde(default, borrow, deserialize_with = "object")]
        pub page: Page<'a>,
        /// The reader.
        #[serde(default, borrow, deserialize_with = "object")]
        pub reader: Reader<'a>,
        /// What this reader's browser has stored. An omitted history is not the same as an empty one.
        #[serde(default, borrow, deserialize_with = "maybe_object")]
        pub history: Option<History<'a>>,
        /// The raw supporter token. The decision does not read it: the caller verifies it and passes on a
        /// [`Known`](crate::Known).
        #[serde(default, borrow)]
        pub token: Option<Text<'a>>,
    }
}

impl<'a> Question<'a> {
    /// Creates a question that has only a site.
    pub fn from_site(site: impl Into<Text<'a>>) -> Self {
        Self { site: site.into(), ..Self::default() }
    }
}

object! {
    /// The page on which the appeal would show.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    pub struct Page<'a> {
        /// The page's URL.
        #[serde(borrow)]
        pub url: Option<Text<'a>>,
        /// The page's section.
        #[serde(borrow)]
        pub section: Option<Text<'a>>,
        /// The page's tags.
        #[serde(borrow, deserialize_with = "null_is_default")]
        pub tags: Vec<Text<'a>>,
        /// The kind of page, such as `article` or `front`.
        #[serde(borrow)]
        pub kind: Option<Text<'a>>,
        /// Whether the page is sensitive, so that an appeal would be out of place on it.
        #[serde(deserialize_with = "null_is_default")]
        pub sensitive: bool,
        /// Whether the page is paid (sponsored) content.
        #[serde(deserialize_with = "null_is_default")]
        pub paid: bool,
        /// The number of this page in the visit, counted from 1.
        pub ordinal: Option<u32>,
    }
}

object! {
    /// What the page knows about the reader, without identifying them.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    pub struct Reader<'a> {
        /// The reader's country, as an ISO 3166-1 code of two letters.
        #[serde(borrow)]
        pub country: Option<Text<'a>>,
        /// The region's code within the country.
        #[serde(borrow)]
        pub region: Option<Text<'a>>,
        /// The reader's language, as a BCP 47 tag.
        #[serde(borrow)]
        pub locale: Option<Text<'a>>,
        /// The kind of the reader's device.
        #[serde(borrow)]
        pub device: Option<Text<'a>>,
        /// Whether the reader is signed in to the site.
        pub signed_in: Option<bool>,
        /// The reader's answer to the request for consent to storage.
        #[serde(borrow)]
        pub consent: Option<Text<'a>>,
        /// A number from 0 to 999,999 that is stored for this reader, so that the same variant is chosen again.
        pub bucket: Option<u32>,
        /// Those of the site's `traits` that the reader has, such as `print_subscriber`.
        #[serde(borrow, deserialize_with = "null_is_default")]
        pub traits: Vec<Text<'a>>,
    }
}

object! {
    /// What the reader's browser has stored.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    pub struct History<'a> {
        /// The appeals that the reader saw.
        #[serde(borrow, deserialize_with = "objects")]
        pub views: Vec<View<'a>>,
        /// The reader's dismissals.
        #[serde(borrow, deserialize_with = "objects")]
        pub dismissals: Vec<Dismissed<'a>>,
        /// The articles that the reader read, week by week.
        #[serde(borrow, deserialize_with = "objects")]
        pub articles: Vec<ArticleWeek<'a>>,
        /// The articles that the reader read, day by day, without the current page. `None` if the caller counts free
        /// articles itself.
        #[serde(deserialize_with = "maybe_objects")]
        pub article_days: Option<Vec<ArticleDay>>,
        /// How many free articles the reader used before this page, as counted by the caller. Ignored if there are
        /// `article_days`.
        pub free_articles_used: Option<u32>,
    }
}

object! {
    /// One view of an appeal.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct View<'a> {
        /// The appeal's id.
        #[serde(borrow)]
        pub appeal: Text<'a>,
        /// The variant's id.
        #[serde(default, borrow)]
        pub variant: Option<Text<'a>>,
        /// The time of the view, in RFC 3339 format.
        #[serde(deserialize_with = "rfc3339")]
        pub at: Timestamp,
    }
}

object! {
    /// One dismissal of an appeal.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Dismissed<'a> {
        /// The appeal's id.
        #[serde(borrow)]
        pub appeal: Text<'a>,
        /// The kind of dismissal.
        #[serde(deserialize_with = "label")]
        pub kind: DismissalKind,
        /// The time of the dismissal, in RFC 3339 format.
        #[serde(deserialize_with = "rfc3339")]
        pub at: Timestamp,
    }
}

object! {
    /// The articles that the reader read in one week.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct ArticleWeek<'a> {
        /// The date of the week's Monday.
        #[serde(borrow)]
        pub week: Text<'a>,
        /// The number of articles read in the week.
        #[serde(default, deserialize_with = "null_is_default")]
        pub count: u32,
        /// The number of articles read in the week, by tag. In JSON this is an object.
        #[serde(default, borrow, deserialize_with = "pairs")]
        pub tags: TagCounts<'a>,
    }
}

object! {
    /// The articles that the reader read on one day.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
    pub struct ArticleDay {
        /// The date, in the reader's own calendar.
        #[serde(deserialize_with = "date")]
        pub day: Date,
        /// The number of articles read on this day.
        #[serde(default, deserialize_with = "null_is_default")]
        pub count: u32,
    }
}

/// The number of articles by tag. The tags of most weeks are never used. The fast parser therefore only checks them,
/// and parses them on first use.
#[derive(Clone, Debug)]
pub enum TagCounts<'a> {
    /// Counts that serde parsed.
    Parsed(Vec<(Text<'a>, u32)>),
    /// Checked JSON that is not parsed yet.
    Unparsed(UnparsedCounts<'a>),
}

impl TagCounts<'_> {
    /// Calls `visit` for each tag with its number of articles, in the order of the tags.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&str, u32)) {
        match self {
            Self::Parsed(parsed) => parsed.iter().for_each(|(tag, count)| visit(tag, *count)),
            Self::Unparsed(unparsed) => unparsed.iter().for_each(|(tag, count)| visit(tag, count)),
        }
    }

    /// Returns each tag with its number of articles, in the order of the tags.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        let (parsed, unparsed) = match self {
            Self::Parsed(parsed) => (Some(parsed.iter().map(|(tag, count)| (&**tag, *count))), None),
            Self::Unparsed(unparsed) => (None, Some(unparsed.iter())),
        };
        parsed.into_iter().flatten().chain(unparsed.into_iter().flatten())
    }
}

impl Default for TagCounts<'_> {
    fn default() -> Self {
        Self::Parsed(Vec::new())
    }
}

impl PartialEq for TagCounts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a> FromIterator<(Text<'a>, u32)> for TagCounts<'a> {
    fn from_iter<I: IntoIterator<Item = (Text<'a>, u32)>>(counts: I) -> Self {
        Self::Parsed(counts.into_iter().collect())
    }
}

/// Parses `null` like an omitted field. Scripts on pages write `null` for a value that they don't know.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Parses an object of numbers by tag as a list of pairs. Callers only iterate over the pairs. Building a map would
/// take longer than parsing the rest of the question.
fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TagCounts<'de>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = TagCounts<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of numbers by tag")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(TagCounts::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            // An article with tags usually has several.
            let mut pairs = Vec::with_capacity(8);
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(TagCounts::Parsed(pairs))
        }
    }

    deserializer.deserialize_any(Pairs)
}

/// Parses a time. The error shows the expected form.
fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    timestamp_of(&Text::deserialize(deserializer)?)
        .ok_or_else(|| D::Error::custom("`at` is not an RFC 3339 time such as 2026-06-15T12:00:00Z"))
}

/// Parses a date. The error shows the expected form.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    date_of(&Text::deserialize(deserializer)?)
        .ok_or_else(|| D::Error::custom("`day` is not a date such as 2026-06-15"))
}
