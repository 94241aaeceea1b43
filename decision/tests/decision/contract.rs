//! Checks that the question's schema in `openapi.yaml` agrees with what the two parsers of questions (requests for a
//! decision) accept.

use std::collections::BTreeSet;

use keepopen_decision::{
    ArticleDay, ArticleWeek, Dismissed, History, Page, Question, Reader, View, fast_question,
};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Value, json};

use super::fast::FULL_QUESTION;

/// Returns the schemas of `openapi.yaml`.
fn schemas() -> Value {
    let contract: Value =
        yaml_serde::from_str(include_str!("../../../openapi.yaml")).expect("openapi.yaml must be valid YAML");
    contract["components"]["schemas"].clone()
}

/// Returns each object of a question: its schema, its path in [`FULL_QUESTION`], and the fields that serde reads.
fn objects() -> [(&'static str, &'static str, &'static [&'static str]); 8] {
    [
        ("Question", "", fields::<Question<'_>>()),
        ("Page", "/page", fields::<Page<'_>>()),
        ("Reader", "/reader", fields::<Reader<'_>>()),
        ("History", "/history", fields::<History<'_>>()),
        ("View", "/history/views/0", fields::<View<'_>>()),
        ("Dismissal", "/history/dismissals/0", fields::<Dismissed<'_>>()),
        ("ArticleWeek", "/history/articles/0", fields::<ArticleWeek<'_>>()),
        ("ArticleDay", "/history/article_days/0", fields::<ArticleDay>()),
    ]
}

/// Returns values of every type. Each is valid for some fields and invalid for others.
fn values() -> Vec<Value> {
    let full_question: Value = serde_json::from_str(FULL_QUESTION).expect("the question must be valid JSON");
    let mut values = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(3),
        json!(u32::MAX),
        json!(u64::from(u32::MAX) + 1),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("text"),
        json!("banner"),
        json!("close"),
        json!("later"),
        json!("2026-06-15"),
        json!("2026-06-16"),
        json!("2026-06-15T12:00:00Z"),
        json!("2026-06-15T12:00:00.001Z"),
        json!([]),
        json!(["text"]),
        json!(["banner"]),
        json!(["banner", "inline"]),
        json!([3]),
        json!([null]),
        json!([[]]),
        json!([{}]),
        json!({}),
        json!({"text": 3}),
        json!({"text": "text"}),
        json!({"text": null}),
    ];
    for (_, pointer, _) in objects() {
        let object = full_question.pointer(pointer).expect("the question must contain each object").clone();
        values.extend([json!([object]), object]);
    }
    values
}

#[test]
fn each_object_has_the_same_fields_in_the_schema_and_in_the_parser() {
    let schemas = schemas();
    for (name, _, fields) in objects() {
        let properties = schemas[name]["properties"].as_object().unwrap();
        let properties: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(properties, fields.iter().copied().collect(), "schema and parser differ in {name}");
    }
}

#[test]
fn both_parsers_accept_what_the_schema_allows_and_nothing_else() {
    let (schemas, values) = (schemas(), values());
    let full_question: Value = serde_json::from_str(FULL_QUESTION).unwrap();
    for (name, pointer, fields) in objects() {
        for field in fields {
            let mut parsed: Vec<String> = Vec::new();
            for value in &values {
                let mut question = full_question.clone();
                question.pointer_mut(pointer).unwrap()[*field] = value.clone();
                let schema = &schemas[name]["properties"][*field];
                let allowed = [UnknownFields::Ignored, UnknownFields::Refused]
                    .map(|unknown| Schemas(&schemas, unknown).allows(schema, value));
                let what = format!("{name}.{field} = {value}");
                if let Some(parsed_question) = parse_with_both(&question, allowed, &what) {
                    parsed.push(parsed_question);
                }
            }
            parsed.dedup();
            assert!(parsed.len() > 1, "{name}.{field}: its value does not change the parsed question");

            let mut question = full_question.clone();
            question.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(*field);
            let required = schemas[name]["required"].as_array().into_iter().flatten();
            let is_optional = !required.into_iter().any(|required| required == field);
            parse_with_both(&question, [is_optional; 2], &format!("{name} without {field}"));
        }
    }
}

/// Returns the question as both parsers read it, or `None` if they reject it. Asserts that serde accepts the question
/// if and only if it is `allowed`. Asserts that the fast parser agrees with serde if all fields are `known`. Otherwise,
/// the fast parser must leave the question to serde.
fn parse_with_both(question: &Value, [allowed, known]: [bool; 2], what: &str) -> Option<String> {
    let json = question.to_string();
    let (fast, serde) = (fast_question(&json), serde_json::from_str::<Question<'_>>(&json));
    assert_eq!(serde.is_ok(), allowed, "serde and the schema disagree about {what}: {serde:?}");
    let parsed_question = serde.as_ref().ok().map(|question| format!("{question:?}"));
    assert_eq!(fast, serde.ok().filter(|_| known), "the fast parser misread {what}");
    parsed_question
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UnknownFields {
    Ignored,
    Refused,
}

/// The schemas, and whether a value may have fields that its schema does not know.
struct Schemas<'a>(&'a Value, UnknownFields);

impl Schemas<'_> {
    /// Whether the schema allows the value. Supports only the keywords that the question's schemas use.
    fn allows(&self, schema: &Value, value: &Value) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("the reference must end with a name");
            return self.allows(&self.0[name], value);
        }
        if let Some(any) = schema["oneOf"].as_array() {
            return any.iter().any(|schema| self.allows(schema, value));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => Vec::from_iter(one.as_str()),
        };
        assert!(!types.is_empty(), "the test does not know the schema {schema}");
        types.iter().any(|name| self.allows_type(name, schema, value))
    }

    fn allows_type(&self, name: &str, schema: &Value, value: &Value) -> bool {
        match (name, value) {
            ("null", Value::Null) | ("boolean", Value::Bool(_)) => true,
            ("string", Value::String(text)) => is_valid_text(schema, text),
            ("integer", Value::Number(number)) => number.as_i64().is_some_and(|number| {
                schema["minimum"].as_i64() <= Some(number) && Some(number) <= schema["maximum"].as_i64()
            }),
            ("array", Value::Array(items)) => items.iter().all(|item| self.allows(&schema["items"], item)),
            ("object", Value::Object(object)) => {
                let mut required = schema["required"].as_array().into_iter().flatten();
                let has_required_fields =
                    required.all(|name| name.as_str().is_some_and(|name| object.contains_key(name)));
                let other = &schema["additionalProperties"];
                let fits = |(name, value)| match schema["properties"].get(name) {
                    Some(property) => self.allows(property, value),
                    None if other.is_object() => self.allows(other, value),
                    None => self.1 == UnknownFields::Ignored,
                };
                has_required_fields && object.iter().all(fits)
            }
            _ => false,
        }
    }
}

/// Whether the text is one of the schema's labels, if it lists any, and has the schema's format.
fn is_valid_text(schema: &Value, text: &str) -> bool {
    let is_listed = schema["enum"].as_array().is_none_or(|labels| labels.iter().any(|label| label == text));
    let has_format = match schema["format"].as_str() {
        None => true,
        Some("date") => text.len() == 10 && text.starts_with("2026-"),
        Some("date-time") => text.starts_with("2026-") && text.ends_with('Z'),
        Some(other) => panic!("the test does not know the format {other}"),
    };
    is_listed && has_format
}

/// Returns the fields that serde reads for a struct.
fn fields<'de, T: Deserialize<'de> + std::fmt::Debug>() -> &'static [&'static str] {
    T::deserialize(Fields).expect_err("deserializing must stop at the struct's fields").0
}

/// A deserializer that stops as soon as serde asks for a struct.
struct Fields;

/// The error that ends the deserialization. It contains the names of the struct's fields.
#[derive(Debug)]
struct FieldNames(&'static [&'static str]);

impl std::fmt::Display for FieldNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for FieldNames {}

impl serde::de::Error for FieldNames {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        panic!("serde did not ask for a struct: {message}")
    }
}

impl<'de> Deserializer<'de> for Fields {
    type Error = FieldNames;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, FieldNames> {
        panic!("serde did not ask for a struct")
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FieldNames> {
        Err(FieldNames(fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
