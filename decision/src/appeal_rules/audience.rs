//! To whom an appeal shows.

use serde::{Deserialize, Serialize};

use super::{Countries, Selection};
use crate::labels::{Consent, Device, ReaderKind, Standing, Trend};

/// To whom an appeal shows. All that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Standings it is meant for. Left out, it depends on the kind: `ask`: `none`, `one_off`, `lapsed`;
    /// `thank`: `recurring`, `one_off`; `fix_card`: `past_due`; `win_back`: `lapsed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standings: Option<Vec<Standing>>,
    /// ISO 3166-1 codes of two letters, and names of the site's country groups. A reader whose country is unknown
    /// gets only appeals that name neither countries nor regions, or whose `unknown` is `include`.
    #[serde(default)]
    pub countries: Countries,
    /// ISO 3166-2 codes such as `US-CA`. A reader in an included country *or* region fits; a reader whose region is
    /// unknown is kept out where a region of the country is excluded.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub regions: Selection,
    /// BCP 47 tags: `en` fits `en-IE` too. A reader whose language is unknown gets only appeals that name none.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub languages: Selection,
    /// Kinds of device; empty means all. An unknown device or one of another kind matches only an empty list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// Only readers who are signed in with the site, or only others. If the page does not say, the reader is not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<bool>,
    /// Whether the reader must have agreed to be remembered.
    #[serde(default, skip_serializing_if = "Consent::is_any")]
    pub consent: Consent,
    /// Entitlements of the verified token: any of those included is enough, none excluded may be there.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub entitlements: Selection,
    /// Traits defined by the site, such as `print_subscriber`: any of those included is enough, none excluded may be there. Each must be one
    /// of the site's `traits`. A trait that the page does not send counts as absent.
    #[serde(default, skip_serializing_if = "Selection::is_empty")]
    pub traits: Selection,
    /// Only new readers, or only those who were here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderKind>,
    /// How many articles were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub articles: Option<Articles>,
    /// Whether the reader reads more than before, or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
}

/// A number of articles read. It needs the reader's history; see `without_history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Articles {
    /// Weeks that count, before the present one, which counts too; 52 unless given.
    #[serde(default = "default_weeks")]
    pub weeks: u32,
    /// The least number; with fewer the reason is `below_meter`.
    #[serde(default)]
    pub min: u32,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Only articles with these tags, in any case; one with two of them counts twice. With none, all articles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Weeks in which articles count, before the present one, unless the appeal says otherwise.
pub(crate) const DEFAULT_WEEKS: u32 = 52;

fn default_weeks() -> u32 {
    DEFAULT_WEEKS
}
