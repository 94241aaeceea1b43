//! API generations: ranges of Stripe's API versions whose objects have the same fields. The test delivers one history
//! in the shape of each generation, and expects the same ledger entries.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::helpers::TestApp;
use crate::story::{LedgerState, ObjectLinks, create_story, in_older_shape, ledger_after};

pub struct Generation {
    api_version: &'static str,
    /// The folder in `tests/fixtures/stripe` with recorded objects of the generation.
    pub folder: &'static str,
    shape: Shape,
}

enum Shape {
    /// A charge lists its refunds. An invoice names its subscription and its payment intent.
    Of2020,
    /// As in 2020, but refunds have their own events, and a charge does not list its refunds.
    Of2023,
    /// The invoice's parent names the subscription.
    SinceBasil,
}

pub const GENERATIONS: [Generation; 7] = [
    Generation { api_version: "2020-03-02", folder: "sync_engine_events_2020-03-02", shape: Shape::Of2020 },
    Generation { api_version: "2020-08-27", folder: "ruby_mock_events_2020-08-27", shape: Shape::Of2020 },
    Generation { api_version: "2023-08-16", folder: "openapi_objects_2023-08-16", shape: Shape::Of2023 },
    Generation {
        api_version: "2025-03-31.basil",
        folder: "synthesised_2025-03_basil",
        shape: Shape::SinceBasil,
    },
    Generation {
        api_version: "2025-10-29.clover",
        folder: "mock_objects_2025-10_clover",
        shape: Shape::SinceBasil,
    },
    Generation {
        api_version: "2026-07-29.dahlia",
        folder: "openapi_objects_2026-07_dahlia",
        shape: Shape::SinceBasil,
    },
    Generation {
        api_version: "2026-09-30.endive",
        folder: "synthesised_2026-09_endive",
        shape: Shape::SinceBasil,
    },
];

/// The fields of one recorded object of each type, by type.
pub type Templates = BTreeMap<String, Map<String, Value>>;

/// Returns, for each type of object, the recorded object with the most fields. It has every field of the generation.
pub fn templates(folder: &str) -> Templates {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stripe").join(folder);
    let mut found: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")) {
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let Value::Object(object) = &event["data"]["object"] else { continue };
        let Some(object_type) = object.get("object").and_then(Value::as_str) else { continue };
        let known = found.entry(object_type.to_owned()).or_default();
        if object.len() > known.len() {
            *known = object.clone();
        }
    }
    found
}

impl Generation {
    /// Returns the event in the shape of this generation; `None` if the generation has no such event.
    pub fn shape(&self, links: &ObjectLinks, event: &Value) -> Option<Value> {
        let kind = event["type"].as_str().unwrap();
        let mut event = match self.shape {
            Shape::Of2020 => in_older_shape(links, event)?,
            Shape::Of2023 if kind.starts_with("refund.") => event.clone(),
            Shape::Of2023 => {
                let mut older = in_older_shape(links, event)?;
                older["data"]["object"].as_object_mut().unwrap().remove("refunds");
                older
            }
            Shape::SinceBasil => event.clone(),
        };
        event["api_version"] = self.api_version.into();
        Some(event)
    }
}

/// Adds to an event's object the fields that only the generation's recorded object has. Fields that would refer to
/// other objects become null. Returns whether there is a recorded object of this type.
pub fn add_missing_fields(event: &mut Value, templates: &Templates) -> bool {
    const CLEARED_FIELDS: [&str; 9] = [
        "charge",
        "customer",
        "invoice",
        "metadata",
        "parent",
        "payment_intent",
        "payments",
        "refunds",
        "subscription",
    ];
    let object = event["data"]["object"].as_object_mut().unwrap();
    let Some(template) = templates.get(object["object"].as_str().unwrap()) else { return false };
    for (name, value) in template {
        let value = if CLEARED_FIELDS.contains(&name.as_str()) { Value::Null } else { value.clone() };
        object.entry(name.clone()).or_insert(value);
    }
    true
}

#[tokio::test]
async fn one_history_books_the_same_entries_in_the_shape_of_every_generation() {
    let source = TestApp::start().await;
    // A story is one history at the practice Stripe with everything that can happen to a gift.
    create_story(&source).await;
    let events = source.stripe.events();
    let links = ObjectLinks::read_from(&source.stripe);
    let in_order: Vec<&Value> = events.iter().collect();
    let expected = ledger_after(&source, &in_order, &mut fastrand::Rng::with_seed(1)).await;
    assert!(expected.entries.len() > 10, "the history must book more than 10 entries");
    for (seed, generation) in (0..).zip(&GENERATIONS) {
        let templates = templates(generation.folder);
        let mut shaped: Vec<Value> =
            events.iter().filter_map(|event| generation.shape(&links, event)).collect();
        for event in &mut shaped {
            let object_type = event["data"]["object"]["object"].as_str().unwrap().to_owned();
            let moves_money =
                !["customer", "payment_intent", "payment_method", "payout"].contains(&object_type.as_str());
            assert!(
                add_missing_fields(event, &templates) || !moves_money,
                "{}: there is no recorded {object_type}",
                generation.api_version
            );
        }
        for is_shuffled in [false, true] {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut order: Vec<&Value> = shaped.iter().collect();
            if is_shuffled {
                random.shuffle(&mut order);
            }
            let LedgerState { entries, contributions, .. } = ledger_after(&source, &order, &mut random).await;
            assert_eq!(entries, expected.entries, "{}, shuffled: {is_shuffled}", generation.api_version);
            assert_eq!(contributions, expected.contributions, "{}", generation.api_version);
        }
    }
    source.finish().await;
}
