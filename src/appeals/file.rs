//! The appeals file: TOML with one `[[appeals]]` each.

use keepopen_decision::AppealRules;
use serde::Deserialize;
use toml::{Table, Value};

use super::Copy;

/// One appeal as it was written: its rules, and the copy of each variant in their order.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who, where, when, how often.
    pub rules: AppealRules,
    /// The copy of each variant.
    pub copies: Vec<Copy>,
}

/// Why one appeal can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealProblem {
    /// The appeal's id, or its place in the file (`#3`) if it has none.
    pub appeal: String,
    /// What is wrong, naming the field.
    pub sentence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    appeals: Vec<Table>,
}

/// Reads the file. An appeal that can't be read is left out and reported; the others stand.
///
/// # Errors
/// The text is not TOML, or holds something beside `[[appeals]]`.
pub fn read(text: &str) -> Result<(Vec<Draft>, Vec<AppealProblem>), toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for (place, table) in file.appeals.into_iter().enumerate() {
        let name = match table.get("id") {
            Some(Value::String(id)) => id.clone(),
            _ => format!("#{}", place + 1),
        };
        match read_one(table) {
            Ok(draft) => drafts.push(draft),
            Err(sentence) => problems.push(AppealProblem { appeal: name, sentence }),
        }
    }
    Ok((drafts, problems))
}

/// The copy stands in `variants[n].copy`; the rest is the rules, which the decision reads.
fn read_one(mut table: Table) -> Result<Draft, String> {
    let mut copies = Vec::new();
    if let Some(Value::Array(variants)) = table.get_mut("variants") {
        for (place, variant) in variants.iter_mut().enumerate() {
            let path = format!("variants[{place}].copy");
            let copy = variant.as_table_mut().and_then(|fields| fields.remove("copy"));
            let copy = copy.ok_or_else(|| format!("{path}: is missing; write at least its heading"))?;
            copies.push(copy.try_into().map_err(|error| format!("{path}: {error}"))?);
        }
    }
    let rules = Value::Table(table).try_into().map_err(|error| error.to_string())?;
    Ok(Draft { rules, copies })
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
        [[appeals.variants]]
        id = "a"
        copy = { heading = "Help" }
    "#;

    #[test]
    fn one_bad_appeal_is_reported_and_the_others_stand() {
        let text = format!(
            "{GOOD}\n[[appeals]]\nid = \"typo\"\nsties = []\n[[appeals]]\nid = \"mute\"\nvariants = [{{ id = \"a\" }}]"
        );
        let (drafts, problems) = read(&text).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].copies[0].heading, "Help");
        let named: Vec<_> = problems.iter().map(|it| it.appeal.as_str()).collect();
        assert_eq!(named, ["typo", "mute"]);
        assert!(problems[0].sentence.contains("sties"), "{}", problems[0].sentence);
        assert!(problems[1].sentence.starts_with("variants[0].copy"), "{}", problems[1].sentence);
    }

    #[test]
    fn what_is_not_an_appeals_file_is_refused_whole() {
        assert!(read("appeals = 3").is_err());
        assert!(read("[[appeal]]").is_err());
    }
}
