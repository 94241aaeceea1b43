//! The appeals file: TOML with one `[[appeals]]` each.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{AppealProblem, Draft};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    appeals: Vec<toml::Table>,
}

/// The appeals of a file as fields, in their order.
///
/// # Errors
/// The text is not TOML, or holds something beside `[[appeals]]`.
pub fn fields(text: &str) -> Result<Vec<Map<String, Value>>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    Ok(file.appeals.into_iter().map(as_fields).collect())
}

/// Reads the file. An appeal that can't be read is left out and reported; the others stand.
///
/// # Errors
/// As [`fields`].
pub fn read(text: &str) -> Result<(Vec<Draft>, Vec<AppealProblem>), toml::de::Error> {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for (place, appeal) in fields(text)?.into_iter().enumerate() {
        match Draft::read(appeal, &format!("#{}", place + 1)) {
            Ok(draft) => drafts.push(draft),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((drafts, problems))
}

/// Writes appeals as a file that [`fields`] reads as the same.
///
/// # Errors
/// A field holds a null, which TOML can't write.
pub fn write(appeals: &[Map<String, Value>]) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(&serde_json::json!({ "appeals": appeals }))
}

fn as_fields(table: toml::Table) -> Map<String, Value> {
    table.into_iter().map(|(name, value)| (name, as_value(value))).collect()
}

/// TOML has times of its own; here they are texts, as in JSON.
fn as_value(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_value).collect(),
        toml::Value::Table(table) => Value::Object(as_fields(table)),
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(yes) => yes.into(),
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
    fn one_bad_appeal_is_reported_and_the_others_stand() {
        let text = format!(
            "{GOOD}\n[[appeals]]\nid = \"typo\"\nsties = []\n[[appeals]]\nid = \"mute\"\nvariants = [{{ id = \"a\" }}]\n\
             [[appeals]]\nid = \"deep\"\n[appeals.frequency]\nmax_views = \"four\""
        );
        let (drafts, problems) = read(&text).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].copies[0].words.heading, "Help");
        assert!(drafts[0].rules.schedule.ends_at.is_some());
        let named: Vec<_> = problems.iter().map(|it| (it.appeal.as_str(), it.field.as_str())).collect();
        assert_eq!(named, [("typo", "sties"), ("mute", "variants[0].copy"), ("deep", "frequency.max_views")]);
        assert!(problems[0].sentence.contains("sties"), "{}", problems[0].sentence);
    }

    #[test]
    fn what_is_not_an_appeals_file_is_refused_whole() {
        assert!(read("appeals = 3").is_err());
        assert!(read("[[appeal]]").is_err());
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let appeals = fields(GOOD).unwrap();
        assert_eq!(fields(&write(&appeals).unwrap()).unwrap(), appeals);
    }
}
