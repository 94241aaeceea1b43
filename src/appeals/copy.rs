//! What a variant says.

use serde::{Deserialize, Serialize};

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
