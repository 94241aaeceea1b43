//! Deserialises what people wrote in a file. Error messages use the notation of that file.
//!
//! This differs from serde's own reading of JSON values in two ways. A list in place of a table is rejected, whereas
//! serde would assign the list's items to the table's fields in order. Messages use the terms of the notation, such as
//! table or mapping, instead of serde's terms, such as sequence, map and string.
//!
//! **Owns** deserialising values, and the messages about invalid ones.
//! **Never** knows which settings or appeals exist.
//! **Start at** [`read`]; `written.rs` passes the values to serde.
//! **Tested in** the tests below.

mod written;

use std::fmt;

use serde::de::{DeserializeOwned, Expected, Unexpected};
use serde_json::Value;

use written::Written;

/// The notation of a file, which determines the terms in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

impl Notation {
    const fn table(self) -> &'static str {
        match self {
            Self::Toml => "a table",
            Self::Yaml => "a mapping",
            Self::Json => "an object",
        }
    }

    /// An example of a table with these fields. It contains at most two of them.
    fn sample(self, fields: &[&str]) -> String {
        let value = |field: &str| if matches!(field, "include" | "exclude") { "[...]" } else { "..." };
        let number = if fields.first() == Some(&"include") { 1 } else { 2 };
        let sample = fields.iter().take(number).map(|field| match self {
            Self::Toml => format!("{field} = {}", value(field)),
            Self::Yaml => format!("{field}: {}", value(field)),
            Self::Json => format!("\"{field}\": {}", value(field)),
        });
        let sample: Vec<String> = sample.collect();
        if sample.is_empty() {
            self.table().to_owned()
        } else {
            format!("{} like {{ {} }}", self.table(), sample.join(", "))
        }
    }
}

/// An invalid value, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The path of the field. Empty if the whole value is invalid.
    pub field: String,
    /// What is wrong, and how to fix it.
    pub sentence: String,
    /// Whether the value is a list in place of a table.
    pub is_list_for_table: bool,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.sentence)
    }
}

/// Deserialises `value`, which was written in `notation`.
///
/// # Errors
/// The first invalid value.
pub fn read<T: DeserializeOwned>(value: Value, notation: Notation) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(Written(value)).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        let error = error.into_inner();
        let is_list_for_table = matches!(error, Error::Type { expected: Kind::Table(_), found: Kind::List });
        Misfit { field, sentence: error.sentence(notation), is_list_for_table }
    })
}

/// The kind of value that was expected or found.
#[derive(Clone, Debug)]
enum Kind {
    /// A table with these fields. The list is empty if they are unknown.
    Table(&'static [&'static str]),
    List,
    Other(String),
}

impl Kind {
    fn describe(&self, notation: Notation) -> String {
        match self {
            Self::Table(fields) => notation.sample(fields),
            Self::List => "a list".to_owned(),
            Self::Other(text) => text.clone(),
        }
    }

    fn from_found(found: &Unexpected<'_>) -> Self {
        match found {
            Unexpected::Bool(flag) => Self::Other(flag.to_string()),
            Unexpected::Unsigned(number) => Self::Other(number.to_string()),
            Unexpected::Signed(number) => Self::Other(number.to_string()),
            Unexpected::Float(number) => Self::Other(number.to_string()),
            Unexpected::Str(text) => Self::Other(format!("the text {text:?}")),
            Unexpected::Unit | Unexpected::Option => Self::Other("nothing".to_owned()),
            Unexpected::Seq => Self::List,
            Unexpected::Map => Self::Table(&[]),
            other => Self::Other(other.to_string()),
        }
    }

    fn from_expected(expected: &str) -> Self {
        let text = match expected {
            "a sequence" => return Self::List,
            "a map" => return Self::Table(&[]),
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "f32" | "f64" => "a number",
            "a boolean" => "true or false",
            "a string" => "a text in quotes",
            // Keepopen's own types describe what they expect, so their text is used.
            other if !other.starts_with("struct ") => other,
            // serde's own text for a struct: `struct NAME`.
            _ => return Self::Table(&[]),
        };
        Self::Other(text.to_owned())
    }
}

#[derive(Debug)]
enum Error {
    Type { expected: Kind, found: Kind },
    UnknownField { field: String, known: &'static [&'static str] },
    UnknownLabel { label: String, known: &'static [&'static str] },
    Missing(&'static str),
    Other(String),
}

impl Error {
    fn sentence(&self, notation: Notation) -> String {
        match self {
            Self::Type { expected, found } => {
                format!("expected {}, found {}.", expected.describe(notation), found.describe(notation))
            }
            Self::UnknownField { field, known } => {
                let near_miss = keepopen_decision::near_miss(field, known);
                let hint = near_miss.map_or_else(String::new, |name| format!(" Did you mean {name:?}?"));
                format!(
                    "there is no field {field:?}.{hint} {}",
                    sentence_listing("The fields here are", known)
                )
            }
            Self::UnknownLabel { label, known } => {
                let near_miss = keepopen_decision::near_miss(label, known);
                let hint = near_miss.map_or_else(String::new, |name| format!(" Did you mean {name:?}?"));
                format!(
                    "{label:?} is not a valid value here.{hint} {}",
                    sentence_listing("Write one of", known)
                )
            }
            Self::Missing(field) => format!("{field} is missing: write it."),
            Self::Other(text) => text.clone(),
        }
    }
}

/// A sentence that begins with `intro` and lists the names.
fn sentence_listing(intro: &str, names: &[&str]) -> String {
    if names.is_empty() {
        "There are no fields here.".to_owned()
    } else {
        format!("{intro} {}.", names.join(", "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Notation::Json))
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::Other(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type { expected: Kind::from_expected(&expected.to_string()), found: Kind::from_found(&found) }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownField { field: field.to_owned(), known }
    }

    fn unknown_variant(label: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownLabel { label: label.to_owned(), known }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

#[cfg(test)]
mod tests {
    use keepopen_decision::AppealRules;
    use serde_json::json;

    use super::*;

    /// Reads an appeal that is valid except for `change`, which must be rejected. Returns the field and the message of
    /// the error.
    fn rejection(change: Value, notation: Notation) -> (String, String) {
        let mut appeal = json!({"id": "a", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "variants": [{"id": "a"}]});
        appeal.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let misfit = read::<AppealRules>(appeal, notation).unwrap_err();
        (misfit.field, misfit.sentence)
    }

    #[test]
    fn a_valid_value_is_read_as_serde_reads_it() {
        let appeal = json!({
            "id": "a", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "variants": [{"id": "a", "weights_by_country": {"IE": 2}}],
            "frequency": {"max_views": 3}, "audience": {"standings": null, "countries": {"include": ["IE"]}}, "share_percent": 12.5,
            "schedule": {"starts_at": "2026-06-15", "blackouts": [{"first_date": "2026-06-15"}]}, "priority": -3, "live": "live",
        });
        let read_by_serde: AppealRules = serde_json::from_value(appeal.clone()).unwrap();
        assert_eq!(read::<AppealRules>(appeal, Notation::Toml).unwrap(), read_by_serde);
    }

    #[test]
    fn a_list_is_never_read_as_a_table() {
        let (field, sentence) = rejection(json!({"frequency": [3, 7]}), Notation::Toml);
        assert_eq!(field, "frequency");
        assert_eq!(sentence, "expected a table like { max_views = ..., window_days = ... }, found a list.");
        let (field, sentence) = rejection(json!({"audience": {"countries": ["IE"]}}), Notation::Toml);
        assert_eq!(field, "audience.countries");
        assert_eq!(sentence, "expected a table like { include = [...] }, found a list.");
        let (_, sentence) = rejection(json!({"variants": [["a"]]}), Notation::Toml);
        assert_eq!(sentence, "expected a table like { id = ..., weight = ... }, found a list.");
        assert!(read::<AppealRules>(json!(["a", []]), Notation::Toml).unwrap_err().is_list_for_table);
    }

    #[test]
    fn messages_use_the_terms_of_the_notation() {
        let invalid = || json!({"pages": {"tags": "china"}});
        assert_eq!(
            rejection(invalid(), Notation::Yaml).1,
            "expected a mapping like { include: [...] }, found the text \"china\"."
        );
        assert_eq!(
            rejection(invalid(), Notation::Json).1,
            "expected an object like { \"include\": [...] }, found the text \"china\"."
        );
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_field_and_what_was_expected() {
        for (change, field, message) in [
            (json!({"surface": "banner"}), "surface", "expected a list, found the text \"banner\"."),
            (json!({"surface": {"banner": 1}}), "surface", "expected a list, found a table."),
            (
                json!({"frequency": {"max_views": "3"}}),
                "frequency.max_views",
                "expected a whole number, 0 or more, found the text \"3\".",
            ),
            (
                json!({"frequency": {"max_views": -1}}),
                "frequency.max_views",
                "expected a whole number, 0 or more, found -1.",
            ),
            (json!({"priority": 1.5}), "priority", "expected a whole number, found 1.5."),
            (
                json!({"pages": {"on_paid_pages": "yes"}}),
                "pages.on_paid_pages",
                "expected true or false, found the text \"yes\".",
            ),
            (json!({"id": 3}), "id", "expected a text in quotes, found 3."),
            (json!({"id": null}), "id", "expected a text in quotes, found nothing."),
            (json!({"kind": ["ask"]}), "kind", "expected one of ask, thank, "),
            (
                json!({"kind": "aks"}),
                "kind",
                "\"aks\" is not a valid value here. Did you mean \"ask\"? Write one of ask, thank, ",
            ),
            (
                json!({"sties": []}),
                "sties",
                "there is no field \"sties\". Did you mean \"sites\"? The fields here are id, ",
            ),
            (json!({"share_percent": 101}), "share_percent", "101 is not a percentage from 0 to 100"),
            (json!({"variants": [{}]}), "variants[0]", "id is missing: write it."),
        ] {
            let (reported_field, sentence) = rejection(change.clone(), Notation::Toml);
            assert_eq!(reported_field, field, "{change}");
            assert!(sentence.starts_with(message), "{change}: {sentence}");
            assert!(!sentence.contains("a sequence") && !sentence.contains("a map"), "{sentence}");
        }
    }
}
