//! Which readers an appeal is shown to.

use serde::{Deserialize, Serialize};

use super::{Countries, Selection};
use crate::labels::{Consent, Device, ReaderKind, Standing, Trend};

/// Which readers an appeal is shown to. A reader must match every field that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// The standings that match. A standing is the reader's status as a supporter. The default depends on the appeal's
    /// kind: `ask`: `none`, `one_off`, `lapsed`; `thank`: `recurring`, `one_off`; `fix_card`: `past_due`; `win_back`:
    /// `lapsed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standings: Option<Vec<Standing>>,
    /// ISO 3166-1 codes of two letters, and names of the site's country groups. A reader whose country is unknown sees
    /// only appeals that name no country or region, or whose `unknown` is `include`.
    #[serde(default)]
    pub countries: Countries,
    /// ISO 3166-2 codes such as `US-CA`. A reader in an included country *or* region matches. A reader whose region
    /// is unknown does not match if a region of the country is excluded.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub regions: Selection,
    /// BCP 47 tags: `en` also matches `en-IE`. A reader whose language is unknown sees only appeals that name no
    /// language.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub languages: Selection,
    /// Kinds of device. If the list is empty, all devices match. An unknown device or a device of another kind matches
    /// only an empty list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// With `true`, only readers who are signed in to the site match; with `false`, only the others. If the page does
    /// not say, the reader is not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<bool>,
    /// Whether the reader must have consented to storage.
    #[serde(default, skip_serializing_if = "Consent::is_any")]
    pub consent: Consent,
    /// Entitlements of the verified token. The reader needs any one of the included entitlements and none of the
    /// excluded ones.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub entitlements: Selection,
    /// Traits defined by the site, such as `print_subscriber`. The reader needs any one of the included traits and none
    /// of the excluded ones. Each must be one of the site's `traits`. A trait that the page does not send counts as
    /// absent.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub traits: Selection,
    /// Whether only new readers or only returning readers match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderKind>,
    /// How many articles the reader must have read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub articles: Option<Articles>,
    /// The trend that matches: whether the reader reads more than before, less, or about as much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
}

/// A condition on the number of articles read. It needs the reader's history; see `without_history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Articles {
    /// How many weeks count, in addition to the current week. The default is 52.
    #[serde(default = "default_weeks")]
    pub weeks: u32,
    /// The minimum. If the reader has read fewer articles, the reason is `below_meter`.
    #[serde(default)]
    pub min: u32,
    /// The maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Counts only articles with these tags. Case does not matter. An article with two of them counts twice. If the
    /// list is empty, all articles count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// The default number of weeks in which articles count, in addition to the current week.
pub(crate) const DEFAULT_WEEKS: u32 = 52;

fn default_weeks() -> u32 {
    DEFAULT_WEEKS
}
