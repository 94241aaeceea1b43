//! A variant's copy: in one or more languages, with optional shorter texts for phones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Block;

/// A variant's whole copy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenCopy")]
pub struct Copy {
    /// The BCP 47 tag of the language of `original`. If omitted, each site that shows `original` treats it as a text in
    /// the site's own language.
    pub locale: Option<String>,
    /// The texts that are not translations, in the language `locale`.
    pub original: CopyText,
    /// The translations, by BCP 47 tag. Each of them is complete.
    pub translations: BTreeMap<String, CopyText>,
}

/// A variant's copy in one language. Every text is shown as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyText {
    /// The heading.
    pub heading: String,
    /// The text below the heading.
    #[serde(default)]
    pub body: Vec<Block>,
    /// The text of the button that opens the payment page.
    pub cta: Option<String>,
    /// The text of the button that dismisses the appeal.
    pub dismiss: Option<String>,
    /// The thanks after a gift.
    pub thanks: Option<ThanksCopy>,
    /// Texts that differ on phones.
    pub mobile: Option<MobileCopy>,
}

/// Texts that replace the fields of the same name in [`CopyText`] on phones.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see CopyText")]
pub struct MobileCopy {
    pub heading: Option<String>,
    pub body: Option<Vec<Block>>,
    pub cta: Option<String>,
    pub dismiss: Option<String>,
}

/// The thanks after a gift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThanksCopy {
    /// The heading.
    pub heading: String,
    /// The text below the heading.
    #[serde(default)]
    pub body: Vec<Block>,
}

/// A variant's copy as authors write it: the fields of [`Copy`] and of its `original` in one table. The fields of
/// [`CopyText`] are repeated here, because `serde(flatten)` would accept unknown fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCopy {
    locale: Option<String>,
    heading: String,
    #[serde(default)]
    body: Vec<Block>,
    cta: Option<String>,
    dismiss: Option<String>,
    thanks: Option<ThanksCopy>,
    mobile: Option<MobileCopy>,
    #[serde(default)]
    translations: BTreeMap<String, CopyText>,
}

impl From<WrittenCopy> for Copy {
    fn from(written: WrittenCopy) -> Self {
        let WrittenCopy { locale, heading, body, cta, dismiss, thanks, mobile, translations } = written;
        Self { locale, original: CopyText { heading, body, cta, dismiss, thanks, mobile }, translations }
    }
}

impl Copy {
    /// The texts in each language, each with the path of its field within the copy. The original is first, and the
    /// translations follow.
    pub fn languages(&self) -> impl Iterator<Item = (String, &CopyText)> {
        let translations = self.translations.iter();
        std::iter::once((String::new(), &self.original))
            .chain(translations.map(|(locale, copy_text)| (format!(".translations.{locale}"), copy_text)))
    }
}

impl Copy {
    /// Finds the first text that is present but blank. Returns the path of its field within the copy, and a message.
    pub fn first_blank_text(&self) -> Option<(String, String)> {
        self.languages().find_map(|(path, copy_text)| {
            let (thanks, mobile) = (copy_text.thanks.as_ref(), copy_text.mobile.as_ref());
            let texts = [
                ("heading", Some(&copy_text.heading)),
                ("cta", copy_text.cta.as_ref()),
                ("dismiss", copy_text.dismiss.as_ref()),
                ("thanks.heading", thanks.map(|thanks| &thanks.heading)),
                ("mobile.heading", mobile.and_then(|mobile| mobile.heading.as_ref())),
                ("mobile.cta", mobile.and_then(|mobile| mobile.cta.as_ref())),
                ("mobile.dismiss", mobile.and_then(|mobile| mobile.dismiss.as_ref())),
            ];
            let is_blank =
                |(_, text): &(&str, Option<&String>)| text.is_some_and(|text| text.trim().is_empty());
            let (field, _) = texts.into_iter().find(is_blank)?;
            let is_required = field == "heading" || field == "thanks.heading";
            let sentence = if is_required {
                "it is empty: write a text."
            } else {
                "it is empty: write a text, or remove the field."
            };
            Some((format!("{path}.{field}"), sentence.to_owned()))
        })
    }
}

impl CopyText {
    /// The texts for large screens.
    pub fn on_large_screens(&self) -> Self {
        Self { mobile: None, ..self.clone() }
    }

    /// The texts for phones. `None` if phones show the same texts as large screens.
    pub fn on_phones(&self) -> Option<Self> {
        let mobile = self.mobile.clone()?;
        let copy_text = self.on_large_screens();
        Some(Self {
            heading: mobile.heading.unwrap_or(copy_text.heading),
            body: mobile.body.unwrap_or(copy_text.body),
            cta: mobile.cta.or(copy_text.cta),
            dismiss: mobile.dismiss.or(copy_text.dismiss),
            ..copy_text
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_blank_text_is_found_in_any_language_and_on_phones() {
        let first_blank_field = |copy: serde_json::Value| {
            let copy: Copy = serde_json::from_value(copy).unwrap();
            copy.first_blank_text().map(|(field, _)| field)
        };
        let field = |field: &str| Some(field.to_owned());
        assert_eq!(first_blank_field(json!({"heading": "Help", "body": [], "cta": "Give"})), None);
        assert_eq!(first_blank_field(json!({"heading": ""})), field(".heading"));
        assert_eq!(first_blank_field(json!({"heading": "Help", "cta": " "})), field(".cta"));
        assert_eq!(first_blank_field(json!({"heading": "Help", "dismiss": "\u{a0}"})), field(".dismiss"));
        assert_eq!(
            first_blank_field(json!({"heading": "Help", "thanks": {"heading": ""}})),
            field(".thanks.heading")
        );
        assert_eq!(
            first_blank_field(json!({"heading": "Help", "mobile": {"heading": ""}})),
            field(".mobile.heading")
        );
        let german = json!({"heading": "Help", "translations": {"de": {"heading": "\t"}}});
        assert_eq!(first_blank_field(german), field(".translations.de.heading"));
    }

    #[test]
    fn on_phones_a_mobile_field_replaces_the_field_of_the_same_name() {
        let copy_text = |mobile: serde_json::Value| -> CopyText {
            serde_json::from_value(json!({
                "heading": "Help us today", "body": ["Long"], "cta": "Give {gift} now", "dismiss": "Not today",
                "thanks": {"heading": "Thank you"}, "mobile": mobile,
            }))
            .unwrap()
        };
        let all = copy_text(json!({"heading": "Help", "body": [], "cta": "Give {gift}", "dismiss": "No"}));
        let on_phones = all.on_phones().unwrap();
        assert_eq!((on_phones.heading.as_str(), on_phones.body.len()), ("Help", 0));
        assert_eq!(
            (on_phones.cta.as_deref(), on_phones.dismiss.as_deref()),
            (Some("Give {gift}"), Some("No"))
        );
        assert_eq!(on_phones.thanks, all.thanks);
        assert_eq!(copy_text(json!({})).on_phones().unwrap(), all.on_large_screens());
        assert_eq!(copy_text(json!(null)).on_phones(), None);
    }
}
