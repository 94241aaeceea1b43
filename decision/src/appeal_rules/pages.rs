//! On which pages an appeal shows.

use serde::{Deserialize, Serialize};

use crate::labels::UnknownCountry;

/// On which pages an appeal shows.
///
/// A page matches if its section *or* one of its tags is included. If nothing is included, every page matches.
/// An excluded section or tag takes precedence over an included one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Sections to include or exclude. Case does not matter.
    #[serde(default)]
    pub sections: Selection,
    /// Tags to include or exclude. Case does not matter.
    #[serde(default)]
    pub tags: Selection,
    /// Kinds of page (`article`, `front`, …) to include or exclude. Case does not matter.
    #[serde(default)]
    pub kinds: Selection,
    /// Paths of URLs to include or exclude. `*` stands for any run of characters: `/sport/*`.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub urls: Selection,
    /// Whether the appeal also shows on paid (sponsored) pages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_paid_pages: bool,
    /// Whether the appeal also shows on sensitive pages.
    #[serde(default)]
    pub on_sensitive_pages: bool,
    /// The number of pages at the beginning of each visit on which the appeal does not show. A page that does not send
    /// its number counts as the first.
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

/// Included and excluded countries. An exclusion takes precedence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Countries {
    /// The countries that match. If the list is empty, all countries match.
    #[serde(default)]
    pub include: Vec<String>,
    /// Countries that never match.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Whether a reader whose country is unknown matches if any country or region is named. The default is `exclude`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<UnknownCountry>,
}

impl Countries {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Included and excluded names. An exclusion takes precedence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The names that match. If the list is empty, all names match.
    #[serde(default)]
    pub include: Vec<String>,
    /// Names that never match.
    #[serde(default)]
    pub exclude: Vec<String>,
}
