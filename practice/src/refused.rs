//! API errors in Stripe's form and wording.

use serde_json::{Value, json};

/// The error of a rejected request, in the form of a Stripe error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The HTTP status of the response.
    pub status: u16,
    /// Stripe's error type, such as `invalid_request_error`.
    pub kind: &'static str,
    /// Stripe's error code, such as `resource_missing`, if there is one.
    pub code: Option<&'static str>,
    /// A message for people.
    pub message: String,
    /// The name of the invalid parameter, if a parameter is the cause.
    pub param: Option<String>,
}

impl Refused {
    /// The error of a request that can't be carried out.
    pub(crate) fn invalid(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", code, message: message.into(), param: None }
    }

    /// The error of a missing, unknown or invalid parameter.
    pub(crate) fn param(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.to_owned()), ..Self::invalid(Some(code), message) }
    }

    /// The error of an object that does not exist.
    pub(crate) fn missing(what: &str, param: &str, id: &str) -> Self {
        Self { status: 404, ..Self::param("resource_missing", param, format!("No such {what}: '{id}'")) }
    }

    /// The body of the error reply.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] =
                json!(format!("https://docs.stripe.com/error-codes#{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
