//! What a variant says, and what it lets a reader choose.

use serde::{Deserialize, Serialize};

use crate::config::{Interval, SiteSettings};
use crate::money::Currency;

/// The words of one variant. All are shown as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// The line on top.
    pub heading: String,
    /// Paragraphs.
    #[serde(default)]
    pub body: Vec<String>,
    /// The button that goes to the payment page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cta: Option<String>,
    /// The button that sends the appeal away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismiss: Option<String>,
    /// What is said after the gift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thanks: Option<ThanksCopy>,
}

/// What is said after the gift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThanksCopy {
    /// The line on top.
    pub heading: String,
    /// Paragraphs.
    #[serde(default)]
    pub body: Vec<String>,
}

/// What can be given. All amounts are in the currency's minor unit.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Choices {
    /// ISO 4217 code.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// How many decimals an amount has.
    pub minor_digits: u32,
    /// Amounts offered once.
    pub once: Vec<i64>,
    /// Amounts offered monthly.
    pub month: Vec<i64>,
    /// Amounts offered yearly.
    pub year: Vec<i64>,
    /// What is chosen at first.
    pub default: FirstChoice,
    /// The smallest amount that is taken.
    pub minimum_minor: i64,
    /// The largest amount that is taken.
    pub maximum_minor: i64,
    /// Whether another amount may be typed.
    pub other: bool,
}

/// What is chosen at first.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FirstChoice {
    /// How often.
    pub interval: Interval,
    /// How much, in the minor unit.
    pub amount_minor: i64,
}

impl Choices {
    /// What `site` offers in its own currency.
    pub fn of(site: &SiteSettings) -> Option<Self> {
        let giving = site.giving.get(&site.currency)?;
        Some(Self {
            currency: site.currency,
            minor_digits: site.currency.minor_digits(),
            once: giving.once.clone(),
            month: giving.month.clone(),
            year: giving.year.clone(),
            default: FirstChoice {
                interval: giving.default_interval,
                amount_minor: giving.default_amount_minor,
            },
            minimum_minor: giving.minimum_minor,
            maximum_minor: giving.maximum_minor,
            other: true,
        })
    }
}
