//! `[sites.ID]`: one publication.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Giving, RuleSettings};
use crate::money::Currency;

/// One publication.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// The site's name for readers. It is also shown on the payment page.
    pub name: String,
    /// The exact origins (scheme, host, port) of the site's pages.
    pub origins: Vec<String>,
    /// The site's default currency. Readers in a country that is listed under another currency in `giving` are asked in
    /// that currency.
    pub currency: Currency,
    /// The BCP 47 tag of the site's language.
    #[serde(default = "default_locale")]
    pub locale: String,
    /// The site's IANA time zone, such as `Europe/Dublin`.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// How many whole days after a gift a supporter is not asked again.
    #[serde(default = "default_quiet_days")]
    pub quiet_days: u32,
    /// `on`, or `off` to hide every appeal of the site.
    #[serde(default)]
    pub banner: AppealSwitch,
    /// A page where readers can give if Stripe can't be reached.
    #[serde(default)]
    pub fallback_url: Option<Url>,
    /// The rules for every appeal of the site.
    #[serde(default)]
    pub rules: RuleSettings,
    /// What readers can give, by currency.
    pub giving: BTreeMap<Currency, Giving>,
}

/// The maximum length of a page's URL, in bytes. Stripe accepts 5,000 characters, and Keepopen adds parameters to the
/// URL.
const MAX_URL_LEN: usize = 2000;

impl SiteSettings {
    /// Returns the URL, if it is an http or https URL on one of the site's origins. It must not contain a user name or
    /// a password, and must not be longer than `MAX_URL_LEN`.
    pub fn parse_own_url(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        // The scheme is checked, because a `blob:` URL has the origin of the page that created it, and no other browser
        // can open it.
        let is_acceptable = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().len() <= MAX_URL_LEN;
        (is_acceptable && self.origins.contains(&url.origin().ascii_serialization())).then_some(url)
    }
}

/// Whether the site shows appeals. This is the value of the setting `banner`, which applies to all surfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealSwitch {
    /// Appeals are shown.
    #[default]
    On,
    /// The kill switch: no appeal is shown.
    Off,
}

/// How often a contribution is paid.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// One payment.
    Once,
    /// Each month until cancelled.
    Month,
    /// Each year until cancelled.
    Year,
}

impl Interval {
    /// The label in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Once, Self::Month, Self::Year].into_iter().find(|interval| interval.as_str() == text)
    }
}

fn default_locale() -> String {
    "en".to_owned()
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

fn default_quiet_days() -> u32 {
    90
}
