//! What a variant says, as it is written: in one language or several, and shorter on phones where that is wanted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Block;
use crate::config::{Interval, SiteSettings};
use crate::money::Currency;

/// All that a variant says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct Copy {
    /// BCP 47 tag of what `words` are written in; left out, the language of each site that shows them.
    pub locale: Option<String>,
    /// What it says.
    pub words: Words,
    /// The same in other languages, by BCP 47 tag; each whole.
    pub translations: BTreeMap<String, Words>,
}

/// What a variant says in one language. All is shown as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The line on top.
    pub heading: String,
    /// What follows it.
    #[serde(default)]
    pub body: Vec<Block>,
    /// The button that goes to the payment page.
    pub cta: Option<String>,
    /// The button that sends the appeal away.
    pub dismiss: Option<String>,
    /// What is said after the gift.
    pub thanks: Option<ThanksCopy>,
    /// What is said otherwise on phones.
    pub mobile: Option<MobileCopy>,
}

/// What takes the place of the same field on phones.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see Words")]
pub struct MobileCopy {
    pub heading: Option<String>,
    pub body: Option<Vec<Block>>,
    pub cta: Option<String>,
    pub dismiss: Option<String>,
}

/// What is said after the gift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThanksCopy {
    /// The line on top.
    pub heading: String,
    /// What follows it.
    #[serde(default)]
    pub body: Vec<Block>,
}

/// The fields of [`Copy`] as they stand beside one another: flattening would let unknown ones pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    locale: Option<String>,
    heading: String,
    #[serde(default)]
    body: Vec<Block>,
    cta: Option<String>,
    dismiss: Option<String>,
    thanks: Option<ThanksCopy>,
    mobile: Option<MobileCopy>,
    #[serde(default)]
    translations: BTreeMap<String, Words>,
}

impl From<Written> for Copy {
    fn from(written: Written) -> Self {
        let Written { locale, heading, body, cta, dismiss, thanks, mobile, translations } = written;
        Self { locale, words: Words { heading, body, cta, dismiss, thanks, mobile }, translations }
    }
}

impl Copy {
    /// What it says in each language, with the path of its field within the copy: first as it is written, then translated.
    pub fn languages(&self) -> impl Iterator<Item = (String, &Words)> {
        let translations = self.translations.iter();
        std::iter::once((String::new(), &self.words))
            .chain(translations.map(|(locale, words)| (format!(".translations.{locale}"), words)))
    }
}

impl Words {
    /// What is said where there is room.
    pub fn on_large_screens(&self) -> Self {
        Self { mobile: None, ..self.clone() }
    }

    /// What is said on phones, where that is something else.
    pub fn on_phones(&self) -> Option<Self> {
        let mobile = self.mobile.clone()?;
        let words = self.on_large_screens();
        Some(Self {
            heading: mobile.heading.unwrap_or(words.heading),
            body: mobile.body.unwrap_or(words.body),
            cta: mobile.cta.or(words.cta),
            dismiss: mobile.dismiss.or(words.dismiss),
            ..words
        })
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn on_phones_each_field_that_is_given_takes_the_place_of_the_same() {
        let words = |mobile: serde_json::Value| -> Words {
            serde_json::from_value(json!({
                "heading": "Help us today", "body": ["Long"], "cta": "Give {gift} now", "dismiss": "Not today",
                "thanks": {"heading": "Thank you"}, "mobile": mobile,
            }))
            .unwrap()
        };
        let all = words(json!({"heading": "Help", "body": [], "cta": "Give {gift}", "dismiss": "No"}));
        let on_phones = all.on_phones().unwrap();
        assert_eq!((on_phones.heading.as_str(), on_phones.body.len()), ("Help", 0));
        assert_eq!(
            (on_phones.cta.as_deref(), on_phones.dismiss.as_deref()),
            (Some("Give {gift}"), Some("No"))
        );
        assert_eq!(on_phones.thanks, all.thanks);
        assert_eq!(words(json!({})).on_phones().unwrap(), all.on_large_screens());
        assert_eq!(words(json!(null)).on_phones(), None);
    }
}
