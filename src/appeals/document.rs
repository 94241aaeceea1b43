//! One appeal as it is written, in a file or over HTTP: its rules, and the copy of each variant.

use keepopen_decision::{self as decision, AppealRules, Live};
use serde_json::{Map, Value};

use super::{AppealProblem, Copy, placeholders, wordings};

/// One appeal as it was written: its rules, and the copy of each variant in their order.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who, where, when, how often.
    pub rules: AppealRules,
    /// The copy of each variant.
    pub copies: Vec<Copy>,
}

impl Draft {
    /// Reads one appeal. The copy stands in `variants[n].copy`; the rest is the rules, which the decision reads.
    ///
    /// # Errors
    /// What is wrong, naming the field; `place` names an appeal that has no id.
    pub fn read(mut fields: Map<String, Value>, place: &str) -> Result<Self, AppealProblem> {
        let id = fields.get("id").and_then(Value::as_str).unwrap_or(place).to_owned();
        let problem = |field: String, sentence: String| AppealProblem { appeal: id.clone(), field, sentence };
        let mut copies = Vec::new();
        if let Some(Value::Array(variants)) = fields.get_mut("variants") {
            for (place, variant) in variants.iter_mut().enumerate() {
                let path = format!("variants[{place}].copy");
                let copy = variant.as_object_mut().and_then(|fields| fields.remove("copy"));
                let Some(copy) = copy else {
                    return Err(problem(path, "it is missing; write at least its heading.".to_owned()));
                };
                copies.push(read(copy).map_err(|(field, sentence)| problem(under(&path, &field), sentence))?);
            }
        }
        let mut rules: AppealRules =
            read(Value::Object(fields)).map_err(|(field, sentence)| problem(field, sentence))?;
        for (place, copy) in copies.iter().enumerate() {
            let at = |(field, sentence): (String, String)| {
                problem(format!("variants[{place}].copy{field}"), sentence)
            };
            let found = placeholders::problems(copy).into_iter().chain(wordings::problems(copy)).next();
            if let Some(found) = found.or_else(|| endless(copy, &rules)) {
                return Err(at(found));
            }
        }
        for (variant, copy) in rules.variants.iter_mut().zip(&copies) {
            for value in copy.languages().flat_map(|(_, words)| placeholders::spoken_of(words)) {
                if !variant.needs.contains(&value) {
                    variant.needs.push(value);
                }
            }
        }
        Ok(Self { rules, copies })
    }

    /// Reads a stored version, which has no state of its own, with the state it was published in.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_version(appeal: &str, body: &str, live: Live) -> Result<Self, AppealProblem> {
        let fields = serde_json::from_str(body).map_err(|error| AppealProblem {
            appeal: appeal.to_owned(),
            field: String::new(),
            sentence: error.to_string(),
        })?;
        let mut draft = Self::read(fields, appeal)?;
        draft.rules.live = live;
        Ok(draft)
    }
}

/// Where it counts the days until an end that is not written.
fn endless(copy: &Copy, rules: &AppealRules) -> Option<(String, String)> {
    if rules.schedule.ends_at.is_some() {
        return None;
    }
    let field = placeholders::first_to_speak_of(copy, decision::Value::DaysLeft)?;
    Some((field, "{days_left} needs an end to count to: write schedule.ends_at.".to_owned()))
}

/// The value, or the field at fault and what is wrong with it.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        (if path == "." { String::new() } else { path }, error.into_inner().to_string())
    })
}

fn under(path: &str, field: &str) -> String {
    if field.is_empty() { path.to_owned() } else { format!("{path}.{field}") }
}
