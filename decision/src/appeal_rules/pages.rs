//! On which pages an appeal shows.

use serde::{Deserialize, Serialize};

use crate::labels::UnknownCountry;

/// On which pages an appeal shows.
///
/// A page fits when its section *or* one of its tags is included; with nothing included, every page fits.
/// An excluded section or tag beats an included one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Sections, in any case.
    #[serde(default)]
    pub sections: Selection,
    /// Tags, in any case.
    #[serde(default)]
    pub tags: Selection,
    /// Kinds of page (`article`, `front`, …), in any case.
    #[serde(default)]
    pub kinds: Selection,
    /// Paths of addresses, with `*` for any run of characters: `/sport/*`.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub urls: Selection,
    /// Shows on pages that somebody paid for, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_paid_pages: bool,
    /// Shows on sensitive pages too.
    #[serde(default)]
    pub on_sensitive_pages: bool,
    /// Pages at the beginning of each visit on which it stays silent; a page that does not tell which one it is
    /// counts as the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip_first: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Selection {
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

/// Countries that are wanted and countries that are not. What is excluded is out, even if it is included too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Countries {
    /// Only these; with none, all.
    #[serde(default)]
    pub include: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What a reader whose country is unknown counts as, where any country or region is named: `exclude` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownCountry>,
}

impl Countries {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Names that are wanted and names that are not. What is excluded is out, even if it is included too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only these; with none, all.
    #[serde(default)]
    pub include: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub exclude: Vec<String>,
}
