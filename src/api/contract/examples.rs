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
const EXAMPLES_JSON: &str = include_str!("examples.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    /// Request bodies, each under a short description.
    #[serde(default)]
    request: BTreeMap<String, Value>,
    /// Successful response bodies.
    #[serde(default)]
    answer: BTreeMap<String, Value>,
    /// Links from the response to operations that use its values.
    #[serde(default)]
    links: BTreeMap<String, Link>,
}

/// Adds the examples to each operation.
pub fn add_examples<'a>(operations: impl Iterator<Item = &'a mut Operation>) {
    let mut examples_by_id: HashMap<String, Examples> =
        serde_json::from_str(EXAMPLES_JSON).expect("examples.json must be valid; a test parses it");
    for operation in operations {
        let id = operation.operation_id.as_deref().unwrap_or_default();
        if let Some(examples) = examples_by_id.remove(id) {
            add_to_operation(operation, examples);
        }
    }
    let unknown: Vec<_> = examples_by_id.keys().collect();
    assert!(unknown.is_empty(), "examples.json has examples for unknown operations: {unknown:?}");
}

fn add_to_operation(operation: &mut Operation, examples: Examples) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            add_to_content(content, &examples.request);
        }
    }
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") else { return };
    for content in response.content.values_mut() {
        add_to_content(content, &examples.answer);
    }
    response.links.extend(examples.links.into_iter().map(|(name, link)| (name, RefOr::T(link))));
}

fn add_to_content(content: &mut RefOr<Content>, examples: &BTreeMap<String, Value>) {
    let RefOr::T(content) = content else { return };
    let named_example = |(summary, value): (&String, &Value)| -> (String, RefOr<Example>) {
        let example = ExampleBuilder::new().summary(summary).value(Some(value.clone())).build();
        (summary.to_lowercase().replace(' ', "_"), RefOr::T(example))
    };
    content.examples.extend(examples.iter().map(named_example));
}
