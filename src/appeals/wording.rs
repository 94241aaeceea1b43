//! A variant's copy in pieces. Each piece is serialised once, when appeals change. A response only puts the pieces
//! together.

use keepopen_decision::Value;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::placeholders::placeholders_in;
use super::{Block, CopyText, ThanksCopy};

/// Everything that a browser needs to show one variant.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Content<'a> {
    /// The BCP 47 tag of the text's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    locale: Option<&'a RawValue>,
    /// The heading. Like all text here, it can contain placeholders such as `{country}`, and ICU plural forms such
    /// as `{article_count, plural, one {# article} other {# articles}}`. Fill them in from the verdict's `values`.
    #[schema(value_type = String)]
    heading: &'a RawValue,
    /// The text below the heading, as plain text.
    #[schema(value_type = Vec<Block>)]
    body: &'a RawValue,
    /// The text of the button that leads to the payment page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cta: Option<&'a RawValue>,
    /// The text of the button that dismisses the appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    dismiss: Option<&'a RawValue>,
    /// What the reader can give; absent if the appeal does not ask for a gift.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::Choices>)]
    choices: Option<&'a RawValue>,
    /// The progress towards the appeal's goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::TickerShown>)]
    ticker: Option<&'a RawValue>,
    /// The thanks after a gift.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ThanksCopy>)]
    thanks: Option<&'a RawValue>,
    /// For how many days the reader is not asked again, depending on what the reader does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::QuietDays>)]
    quiet_days: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// The fields in order, each with its value. A field's name includes the quotes and the colon.
    pub fn fields(&self) -> [(&'static str, Option<&'a RawValue>); 9] {
        let Self { locale, heading, body, cta, dismiss, choices, ticker, thanks, quiet_days } = *self;
        [
            (r#""locale":"#, locale),
            (r#""heading":"#, Some(heading)),
            (r#""body":"#, Some(body)),
            (r#""cta":"#, cta),
            (r#""dismiss":"#, dismiss),
            (r#""choices":"#, choices),
            (r#""ticker":"#, ticker),
            (r#""thanks":"#, thanks),
            (r#""quiet_days":"#, quiet_days),
        ]
    }
}

/// A variant's copy in one language, serialised in pieces.
#[derive(Debug)]
pub struct Wording {
    heading: Box<RawValue>,
    body: Box<RawValue>,
    cta: Option<Box<RawValue>>,
    dismiss: Option<Box<RawValue>>,
    thanks: Option<Box<RawValue>>,
    /// The values that the copy uses.
    pub needs: Box<[Value]>,
}

impl Wording {
    /// Serialises the pieces of `copy_text`.
    pub fn of(copy_text: &CopyText) -> Self {
        Self {
            heading: json(&copy_text.heading),
            body: json(&copy_text.body),
            cta: copy_text.cta.as_ref().map(json),
            dismiss: copy_text.dismiss.as_ref().map(json),
            thanks: copy_text.thanks.as_ref().map(json),
            needs: placeholders_in(copy_text).into(),
        }
    }

    /// The content: the texts and their language tag, with the choices, the ticker and the quiet days.
    pub fn with<'a>(
        &'a self,
        locale: Option<&'a RawValue>,
        choices: Option<&'a RawValue>,
        ticker: Option<&'a RawValue>,
        quiet_days: Option<&'a RawValue>,
    ) -> Content<'a> {
        Content {
            locale,
            heading: &self.heading,
            body: &self.body,
            cta: self.cta.as_deref(),
            dismiss: self.dismiss.as_deref(),
            choices,
            ticker,
            thanks: self.thanks.as_deref(),
            quiet_days,
        }
    }
}

/// Serialises `value` as JSON.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("the value must be serialisable as JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_returns_the_same_json_as_serde() {
        let full = json!({
            "heading": "Help", "body": ["It costs."], "cta": "Give", "dismiss": "Later",
            "thanks": {"heading": "Thank you", "body": []},
        });
        for copy_text in [full, json!({"heading": "Help"})] {
            let wording = Wording::of(&serde_json::from_value(copy_text).unwrap());
            let (locale, choices, ticker, quiet) = (json("en"), json(&[500]), json(&7), json(&3));
            for are_present in [true, false] {
                let optional = |piece| Some(piece).filter(|_| are_present);
                let content = wording.with(
                    optional(&*locale),
                    optional(&*choices),
                    optional(&*ticker),
                    optional(&*quiet),
                );
                let fields = content.fields().into_iter();
                let fields = fields.filter_map(|(name, value)| Some(format!("{name}{}", value?)));
                let joined = fields.collect::<Vec<_>>().join(",");
                assert_eq!(format!("{{{joined}}}"), serde_json::to_string(&content).unwrap());
            }
        }
    }
}
