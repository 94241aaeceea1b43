//! A variant's words in pieces: each written as JSON once, when appeals change, so that an answer only puts them together.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Copy, ThanksCopy};

/// What a browser needs to show one variant.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Content<'a> {
    /// The line on top.
    #[schema(value_type = String)]
    heading: &'a RawValue,
    /// Paragraphs, as plain text.
    #[schema(value_type = Vec<String>)]
    body: &'a RawValue,
    /// The words on the button that goes to the payment page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cta: Option<&'a RawValue>,
    /// The words on the button that sends the appeal away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    dismiss: Option<&'a RawValue>,
    /// What can be given; none where the appeal does not ask for a gift.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::Choices>)]
    choices: Option<&'a RawValue>,
    /// How far the appeal has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::TickerShown>)]
    ticker: Option<&'a RawValue>,
    /// What is said after the gift.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ThanksCopy>)]
    thanks: Option<&'a RawValue>,
}

/// One wording, its pieces written as JSON.
#[derive(Debug)]
pub struct Wording {
    heading: Box<RawValue>,
    body: Box<RawValue>,
    cta: Option<Box<RawValue>>,
    dismiss: Option<Box<RawValue>>,
    thanks: Option<Box<RawValue>>,
}

impl Wording {
    /// The pieces of `copy`.
    pub fn of(copy: &Copy) -> Self {
        Self {
            heading: json(&copy.heading),
            body: json(&copy.body),
            cta: copy.cta.as_ref().map(json),
            dismiss: copy.dismiss.as_ref().map(json),
            thanks: copy.thanks.as_ref().map(json),
        }
    }

    /// The words, with what can be given and how far the appeal has come.
    pub fn with<'a>(&'a self, choices: Option<&'a RawValue>, ticker: Option<&'a RawValue>) -> Content<'a> {
        Content {
            heading: &self.heading,
            body: &self.body,
            cta: self.cta.as_deref(),
            dismiss: self.dismiss.as_deref(),
            choices,
            ticker,
            thanks: self.thanks.as_deref(),
        }
    }
}

/// What is sent of `value`.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("strings, numbers and lists can be written as JSON")
}
