//! Adds examples of requests and responses to the API description. Also says which values of a response the next
//! request needs.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::link::Link;
use utoipa::openapi::path::Operation;

/// The examples of every operation, by operation id.
const WRITTEN: &str = include_str!("examples.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    /// Request bodies, each under a short description.
    #[serde(default)]
    request: BTreeMap<String, Value>,
    /// Successful response bodies.
    #[serde(default)]
    answer: BTreeMap<String, Value>,
    /// Operations that continue from the response.
    #[serde(default)]
    links: BTreeMap<String, Link>,
}

/// Adds the examples to each operation.
pub fn put<'a>(operations: impl Iterator<Item = &'a mut Operation>) {
    let mut written: HashMap<String, Examples> =
        serde_json::from_str(WRITTEN).expect("examples.json must be valid; a test reads it");
    for operation in operations {
        let id = operation.operation_id.as_deref().unwrap_or_default();
        if let Some(examples) = written.remove(id) {
            put_into(operation, examples);
        }
    }
    assert!(written.is_empty(), "examples.json has examples for unknown operations: {:?}", written.keys());
}

fn put_into(operation: &mut Operation, examples: Examples) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            show(content, &examples.request);
        }
    }
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { return };
    for content in answer.content.values_mut() {
        show(content, &examples.answer);
    }
    answer.links.extend(examples.links.into_iter().map(|(name, link)| (name, RefOr::T(link))));
}

fn show(content: &mut RefOr<Content>, examples: &BTreeMap<String, Value>) {
    let RefOr::T(content) = content else { return };
    let named = |(words, value): (&String, &Value)| -> (String, RefOr<Example>) {
        let example = ExampleBuilder::new().summary(words).value(Some(value.clone())).build();
        (words.to_lowercase().replace(' ', "_"), RefOr::T(example))
    };
    content.examples.extend(examples.iter().map(named));
}
