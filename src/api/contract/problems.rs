//! Turns the error codes that a handler lists into the error responses of its operation.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use crate::web::problem::{Code, MEDIA_TYPE, Problem};

/// The name of the extension in which a handler lists its error codes.
const CODES_EXTENSION: &str = "x-problems";

/// Writes a response for each status of the operation's error codes, and removes the list.
pub fn add_error_responses(operation: &mut Operation) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in take_codes(operation) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let response = RefOr::T(response(&codes));
        let replaced = operation.responses.responses.insert(status.to_string(), response);
        assert!(
            replaced.is_none(),
            "the status {status} is described twice for {:?}",
            operation.operation_id
        );
    }
}

/// Removes the operation's list of error codes, and returns the codes.
fn take_codes(operation: &mut Operation) -> Vec<Code> {
    let Some(extensions) = &mut operation.extensions else { return Vec::new() };
    let list = extensions.remove(CODES_EXTENSION);
    if extensions.is_empty() {
        operation.extensions = None;
    }
    let labels = list.as_ref().and_then(Value::as_array).into_iter().flatten();
    let code = |label: &Value| Code::ALL.iter().copied().find(|code| label == code.as_str());
    labels
        .map(|label| code(label).expect("handlers must list codes of `problem.rs`; a test checks this"))
        .collect()
}

fn response(codes: &[Code]) -> Response {
    let labels = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().map(|code| code.as_str())));
    let with_code = ObjectBuilder::new().property("code", labels).required("code");
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(with_code);
    let examples = codes.iter().map(|code| (code.as_str(), example(*code)));
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
    ResponseBuilder::new().description(description(codes)).content(MEDIA_TYPE, content).build()
}

/// The description of a response: a sentence for a single code, a list for several codes.
fn description(codes: &[Code]) -> String {
    let line = |code: &Code| format!("`{}`: {}", code.as_str(), code.title());
    match codes {
        [only] => line(only),
        many => many.iter().map(|code| format!("- {}", line(code))).collect::<Vec<_>>().join("\n"),
    }
}

fn example(code: Code) -> ExampleBuilder {
    let problem = match code {
        Code::AmountBelowMinimum => Problem { minimum_minor: Some(100), ..Problem::new(code) },
        Code::AmountAboveMaximum => Problem { maximum_minor: Some(1_000_000), ..Problem::new(code) },
        Code::InvalidRequest => Problem::with(code, "missing field `site` at line 1 column 2"),
        Code::RateLimited => Problem { retry_after_seconds: NonZeroU32::new(2), ..Problem::new(code) },
        Code::StripeUnavailable => Problem {
            fallback_url: Some("https://journal.example.org/give".to_owned()),
            ..Problem::new(code)
        },
        _ => Problem::new(code),
    };
    ExampleBuilder::new().value(Some(json!(problem)))
}
