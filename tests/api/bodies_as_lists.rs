//! Every route in the API description rejects a list in place of an object, and an object in place of an enum label.
//!
//! By default, serde also accepts a list of a struct's fields in place of the struct, and `{"month": null}` in place of
//! the label `month`. No client intends that, and a new field would change the meaning of such a list.

use std::collections::BTreeMap;

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::helpers::{ORIGIN, TestApp};

/// The webhook route. It stores Stripe's body unchanged, and reads it with tolerant structs.
const WEBHOOK_PATH: &str = "/webhooks/stripe";

/// Reads from the API description (the contract) what a request's body can contain.
struct Shapes<'a> {
    contract: &'a Value,
}

/// A place in a body, and values that must be rejected there.
struct Place {
    /// The path from the body to the place. `0` is the first item of a list.
    path: Vec<String>,
    /// The values that must be rejected.
    wrong: Vec<Value>,
}

impl Shapes<'_> {
    /// Returns the schema that a `$ref` names, or the schema itself.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(name) => self.resolve(self.contract.pointer(&name[1..]).unwrap()),
            None => schema,
        }
    }

    /// Returns this schema and all schemas in its `allOf`, `oneOf` and `anyOf`, with references resolved.
    fn parts<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolve(schema);
        let lists = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema[name].as_array());
        let inner = lists.flatten().flat_map(|part| self.parts(part));
        std::iter::once(schema).chain(inner).collect()
    }

    /// Returns the properties of this schema and of all its parts.
    fn properties<'s>(&'s self, schema: &'s Value) -> Map<String, Value> {
        let properties_of = |part: &&Value| part["properties"].as_object().cloned().unwrap_or_default();
        self.parts(schema).iter().flat_map(properties_of).collect()
    }

    /// Returns the first label if the schema is an enum.
    fn first_enum_label(&self, schema: &Value) -> Option<String> {
        let label = |part: &Value| {
            part["enum"].as_array()?.iter().find_map(|label| label.as_str().map(str::to_owned))
        };
        self.parts(schema).into_iter().find_map(label)
    }

    /// Returns a valid value for the schema.
    fn sample(&self, schema: &Value) -> Value {
        let parts = self.parts(schema);
        let keyword = |name: &str| parts.iter().find_map(|part| part.get(name)).cloned();
        let has_type = |kind: &str| parts.iter().any(|part| part["type"] == kind || part["type"][0] == kind);
        if let Some(example) = keyword("example") {
            return example;
        }
        match self.first_enum_label(schema) {
            Some(label) => label.into(),
            None if has_type("integer") || has_type("number") => {
                keyword("minimum").unwrap_or_else(|| 1.into())
            }
            None if has_type("boolean") => true.into(),
            None if has_type("array") => json!([]),
            None if has_type("string") => match keyword("format").unwrap_or_default().as_str() {
                Some("date-time") => "2026-11-20T08:00:00Z".into(),
                Some("uuid") => "5b0f6a52-7c44-4d0e-9f7e-0d3f3ad0a1c1".into(),
                _ => "x".into(),
            },
            None => json!({}),
        }
    }

    /// Returns lists that serde could read as an object with these properties.
    fn lists(&self, properties: &Map<String, Value>) -> Vec<Value> {
        let samples: Vec<Value> = properties.values().map(|schema| self.sample(schema)).collect();
        let mut lists = vec![json!([]), json!(vec![Value::Null; samples.len()]), json!(samples)];
        // Serde expects the fields in the order of the code. The API description has another order, so the lists
        // contain the samples in many orders.
        for one in 0..samples.len() {
            lists.push(json!([samples[one]]));
            for other in (0..samples.len()).filter(|other| *other != one) {
                lists.push(json!([samples[one], samples[other]]));
                for third in (0..samples.len()).filter(|third| ![one, other].contains(third)) {
                    lists.push(json!([samples[one], samples[other], samples[third]]));
                }
            }
        }
        lists.truncate(60);
        lists
    }

    /// Finds every object and every enum label below `schema`.
    fn places(&self, schema: &Value, path: &[String], found: &mut Vec<Place>) {
        let properties = self.properties(schema);
        if !properties.is_empty() {
            found.push(Place { path: path.to_vec(), wrong: self.lists(&properties) });
        }
        if let Some(label) = self.first_enum_label(schema) {
            let mut label_as_object = Map::new();
            label_as_object.insert(label.clone(), Value::Null);
            found.push(Place { path: path.to_vec(), wrong: vec![label_as_object.into(), json!([label])] });
        }
        for (name, schema) in &properties {
            self.places(schema, &[path, std::slice::from_ref(name)].concat(), found);
        }
        for items in self.parts(schema).into_iter().filter_map(|part| part.get("items")) {
            self.places(items, &[path, &["0".to_owned()]].concat(), found);
        }
    }
}

/// Puts `value` at `path` in `body`, and adds the missing objects and lists along the path.
fn put(body: &mut Value, path: &[String], value: Value) {
    let Some((name, rest)) = path.split_first() else {
        *body = value;
        return;
    };
    if name == "0" {
        if !body.is_array() || body == &json!([]) {
            *body = json!([{}]);
        }
        return put(&mut body[0], rest, value);
    }
    if !body.is_object() {
        *body = json!({});
    }
    put(&mut body[name.as_str()], rest, value);
}

/// Returns a valid body: the first example in the API description, or another body where the example is not enough.
fn good_body(path: &str, examples: Option<&Map<String, Value>>) -> Value {
    match path {
        "/v1/banner/explain" => json!({"site": "journal"}),
        "/v1/alarms/{id}/acknowledge" => json!({"name": "Finance desk", "reason": "Known reader."}),
        _ => examples
            .and_then(|all| Some(all.values().next()?["value"].clone()))
            .unwrap_or_else(|| panic!("{path} must have an example")),
    }
}

/// The objects in an appeal. The API description does not list them, but refers to the format of appeals files.
const APPEAL_OBJECTS: &[&str] = &[
    "audience",
    "audience/countries",
    "audience/regions",
    "audience/languages",
    "audience/entitlements",
    "audience/traits",
    "audience/articles",
    "pages",
    "pages/sections",
    "pages/tags",
    "pages/kinds",
    "pages/urls",
    "schedule",
    "schedule/hours/0",
    "schedule/blackouts/0",
    "frequency",
    "dismissal",
    "redeploys/0",
    "redeploys/0/countries",
    "meter",
    "sequence/0",
    "ticker",
    "variants/0",
    "variants/0/copy",
    "variants/0/copy/thanks",
    "variants/0/copy/mobile",
    "variants/0/copy/translations",
    "variants/0/copy/translations/de",
    "variants/0/copy/body/0",
    "variants/0/weights_by_country",
    "variants/0/choices",
    "variants/0/choices/EUR",
];

/// Returns the places of all objects in an appeal, with lists that must be rejected there.
fn wrong_appeals() -> Vec<Place> {
    let place = |path: &&str| Place {
        path: path.split('/').map(str::to_owned).collect(),
        wrong: vec![
            json!([]),
            json!([null]),
            json!([null, null]),
            json!([3, 7]),
            json!(["a"]),
            json!([["a"], ["b"]]),
        ],
    };
    APPEAL_OBJECTS.iter().map(place).collect()
}

#[tokio::test]
async fn no_route_reads_a_list_as_an_object_or_an_object_as_an_enum_label() {
    let app = TestApp::start_without_appeals().await;
    let scopes = [
        Scope::SupportersRead,
        Scope::MoneyRead,
        Scope::AlarmsWrite,
        Scope::AppealsRead,
        Scope::AppealsWrite,
        Scope::BannerAsk,
    ];
    let key = actions::create_api_key(&app.app.as_operator(), "test", &scopes).await.unwrap().secret;
    let contract: Value = yaml_serde::from_str(include_str!("../../openapi.yaml")).unwrap();
    let shapes = Shapes { contract: &contract };
    let mut rejected: BTreeMap<String, usize> = BTreeMap::new();
    let mut accepted: Vec<String> = Vec::new();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let json = &operation["requestBody"]["content"]["application/json"];
            if json.is_null() || path == WEBHOOK_PATH {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let good = good_body(path, json["examples"].as_object());
            let mut places = Vec::new();
            shapes.places(&json["schema"], &[], &mut places);
            if path == "/v1/appeals/{id}" {
                places.extend(wrong_appeals());
            }
            let url = path.replace("{id}", "summer").replace("{site}", "journal").replace("{key}", "appeal");
            for Place { path: place, wrong } in places {
                for wrong in wrong {
                    let mut body = good.clone();
                    put(&mut body, &place, wrong);
                    let request = app.client.request(method.clone(), format!("{}{url}", app.url));
                    let answer =
                        app.send(request.bearer_auth(&key).header("origin", ORIGIN).json(&body)).await;
                    let code = ["code", "errorCode"].into_iter().find_map(|name| answer.json[name].as_str());
                    if !answer.status.is_client_error() || code.is_none() {
                        accepted.push(format!("{} {method} {path} {body}", answer.status));
                        continue;
                    }
                    *rejected.entry(format!("{method} {path} {}", code.unwrap())).or_default() += 1;
                }
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new(), "these bodies must be rejected");
    // Each body must be rejected for its shape. A route that rejects bodies for another reason proves nothing.
    for (route, number) in &rejected {
        let is_rejected_for_shape = ["invalid_request", "appeal_invalid", "PARSE_ERROR", "INVALID_CONTEXT"]
            .iter()
            .any(|code| route.ends_with(code));
        assert!(
            is_rejected_for_shape,
            "{number} bodies were rejected for a reason other than their shape: {route}"
        );
    }
    assert!(rejected.len() >= 13, "too few routes rejected bodies: {rejected:#?}");
    app.finish().await;
}
