//! The appeals file: `[[appeals]]` in TOML, or `appeals:` in YAML.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{AppealDocument, AppealProblem};
use crate::config::typed::{self, Misfit, Notation};

/// The file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.0.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    const fn notation(self) -> Notation {
        match self {
            Self::Toml => Notation::Toml,
            Self::Yaml => Notation::Yaml,
        }
    }

    /// Returns YAML if the file name ends with `.yaml` or `.yml`, otherwise TOML.
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|it| it.to_str()) {
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Toml,
        }
    }
}

/// The error for a text that is not valid in its format, or that contains something other than appeals.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct InvalidFile(Reason);

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Toml(#[from] Box<toml::de::Error>),
    #[error(transparent)]
    Yaml(#[from] yaml_serde::Error),
    #[error("{0}")]
    Shape(String),
}

impl From<Misfit> for Reason {
    fn from(Misfit { field, sentence, .. }: Misfit) -> Self {
        Self::Shape(if field.is_empty() { sentence } else { format!("{field}: {sentence}") })
    }
}

/// The file's only top-level field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    appeals: Vec<Map<String, Value>>,
}

/// Returns the appeals of a file as maps of fields, in the file's order.
///
/// # Errors
/// See [`InvalidFile`].
pub fn fields(text: &str, format: Format) -> Result<Vec<Map<String, Value>>, InvalidFile> {
    fn parse(text: &str, format: Format) -> Result<File, Reason> {
        let value = match format {
            Format::Toml => Value::Object(as_fields(toml::from_str(text).map_err(Box::new)?)),
            // In YAML, a file with only comments is null.
            Format::Yaml => yaml_serde::from_str::<Option<Value>>(text)?.unwrap_or_else(|| Map::new().into()),
        };
        Ok(typed::read(value, format.notation())?)
    }
    Ok(parse(text, format).map_err(InvalidFile)?.appeals)
}

/// Reads the file. Returns the appeals that can be read, and the problems of the others.
///
/// # Errors
/// See [`InvalidFile`].
pub fn read(text: &str, format: Format) -> Result<(Vec<AppealDocument>, Vec<AppealProblem>), InvalidFile> {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for (index, appeal) in fields(text, format)?.into_iter().enumerate() {
        match AppealDocument::read_in_notation(appeal, &format!("#{}", index + 1), format.notation()) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((documents, problems))
}

/// The error for an appeal that contains something that the format can't represent. For example, a TOML list can't
/// contain a null.
#[derive(Debug, thiserror::Error)]
#[error("the appeal can't be written in this format: {0}")]
pub struct NotRepresentable(String);

/// Writes appeals as a file that [`fields`] reads back unchanged, except that null fields are omitted. An omitted field
/// means the same as a null field.
///
/// # Errors
/// See [`NotRepresentable`].
pub fn write(appeals: &[Map<String, Value>], format: Format) -> Result<String, NotRepresentable> {
    let appeals: Vec<Value> = appeals.iter().map(without_nulls).collect();
    let file = serde_json::json!({ "appeals": appeals });
    match format {
        Format::Toml => toml::to_string_pretty(&file).map_err(|error| NotRepresentable(error.to_string())),
        Format::Yaml => yaml_serde::to_string(&file).map_err(|error| NotRepresentable(error.to_string())),
    }
}

fn without_nulls(fields: &Map<String, Value>) -> Value {
    let present = fields.iter().filter(|(_, value)| !value.is_null());
    let nested = |value: &Value| match value {
        Value::Object(fields) => without_nulls(fields),
        Value::Array(items) => {
            items.iter().map(|item| item.as_object().map_or_else(|| item.clone(), without_nulls)).collect()
        }
        other => other.clone(),
    };
    present.map(|(name, value)| (name.clone(), nested(value))).collect()
}

fn as_fields(table: toml::Table) -> Map<String, Value> {
    table.into_iter().map(|(name, value)| (name, as_value(value))).collect()
}

/// Converts a TOML value to JSON. TOML has a type for times, and JSON does not, so times become strings.
fn as_value(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_value).collect(),
        toml::Value::Table(table) => Value::Object(as_fields(table)),
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[appeals]]
        id = "summer"
        sites = ["journal"]
        kind = "ask"
        surface = ["banner"]
        schedule = { ends_at = 2026-06-15T12:00:00Z }
        [[appeals.variants]]
        id = "a"
        copy = { heading = "Help" }
    "#;

    #[test]
    fn invalid_appeals_are_reported_and_the_others_are_kept() {
        let text = format!(
            "{GOOD}\n[[appeals]]\nid = \"typo\"\nsties = []\n[[appeals]]\nid = \"mute\"\nvariants = [{{ id = \"a\" }}]\n\
             [[appeals]]\nid = \"blank\"\nvariants = [{{ id = \"a\", copy = {{ heading = \" \" }} }}]\nsites = []\nkind = \"ask\"\nsurface = []\n\
             [[appeals]]\nid = \"deep\"\n[appeals.frequency]\nmax_views = \"four\""
        );
        let (documents, problems) = read(&text, Format::Toml).unwrap();
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0].copies[0].original.heading, "Help");
        assert!(documents[0].rules.schedule.ends_at.is_some());
        let reported: Vec<_> = problems.iter().map(|it| (it.appeal.as_str(), it.field.as_str())).collect();
        assert_eq!(
            reported,
            [
                ("typo", "sties"),
                ("mute", "variants[0].copy"),
                ("blank", "variants[0].copy.heading"),
                ("deep", "frequency.max_views")
            ]
        );
        assert!(problems[0].sentence.contains("sties"), "{}", problems[0].sentence);
    }

    #[test]
    fn a_message_about_an_invalid_file_uses_the_terms_of_its_format() {
        for (text, format, message) in [
            ("appeals = 3", Format::Toml, "appeals: expected a list, found 3."),
            ("appeals = [3]", Format::Toml, "appeals[0]: expected a table, found 3."),
            (
                "[[appeal]]",
                Format::Toml,
                "appeal: there is no field \"appeal\". Did you mean \"appeals\"? The fields here are appeals.",
            ),
            ("appeals: [a]", Format::Yaml, "appeals[0]: expected a mapping, found the text \"a\"."),
            ("- a", Format::Yaml, "expected a mapping like { appeals: ... }, found a list."),
        ] {
            assert_eq!(read(text, format).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_list_in_place_of_a_table_is_reported_for_its_appeal() {
        let text = GOOD.replace("schedule =", "frequency = [3, 7]\nschedule =");
        let (documents, problems) = read(&text, Format::Toml).unwrap();
        assert!(documents.is_empty());
        assert_eq!(
            problems[0].to_string(),
            "frequency: expected a table like { max_views = ..., window_days = ... }, found a list."
        );
    }

    #[test]
    fn written_appeals_are_read_back_unchanged() {
        let appeals = fields(GOOD, Format::Toml).unwrap();
        for format in [Format::Toml, Format::Yaml] {
            assert_eq!(fields(&write(&appeals, format).unwrap(), format).unwrap(), appeals);
        }
    }

    #[test]
    fn yaml_and_toml_are_read_alike() {
        let yaml = "appeals:\n  - id: summer\n    sites: [journal]\n    kind: ask\n    surface: [banner]\n    \
                    schedule: { ends_at: 2026-06-15T12:00:00Z }\n    variants:\n      - id: a\n        \
                    copy: { heading: Help }\n";
        assert_eq!(fields(yaml, Format::Yaml).unwrap(), fields(GOOD, Format::Toml).unwrap());
        for empty in ["", "# Nothing yet.\n", "appeals: []\n"] {
            assert_eq!(fields(empty, Format::Yaml).unwrap(), [], "{empty:?} must contain no appeals");
        }
        for invalid in ["appeals: 3", "appeal: []", "appeals: [a, b]", "appeals: [", "- a"] {
            assert!(read(invalid, Format::Yaml).is_err(), "{invalid:?} must be rejected");
        }
    }

    #[test]
    fn a_null_field_is_omitted_when_written() {
        let yaml =
            "appeals: [{ id: a, schedule: { ends_at: ~ }, weight: ~, variants: [{ id: a, weight: ~ }] }]";
        let appeals = fields(yaml, Format::Yaml).unwrap();
        let written = fields(&write(&appeals, Format::Toml).unwrap(), Format::Toml).unwrap();
        assert_eq!(
            serde_json::json!(written),
            serde_json::json!([{"id": "a", "schedule": {}, "variants": [{"id": "a"}]}])
        );
    }

    #[test]
    fn the_format_is_chosen_by_the_file_name() {
        for (name, format) in [
            ("a.toml", Format::Toml),
            ("a", Format::Toml),
            ("a.yaml", Format::Yaml),
            ("b/a.yml", Format::Yaml),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
    }
}
