//! One appeal, as written in a file or sent over HTTP: its rules, and the copy (the texts) of each variant.

use std::collections::BTreeMap;

use keepopen_decision::{self as decision, AppealRules, Live};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ticker::{TICKER_VALUES, Ticker, WrittenTicker};
use super::{AppealProblem, Copy, placeholders, wordings};
use crate::config::typed::{self, Notation};
use crate::money::Currency;
use crate::sites::OwnAmounts;

/// One appeal: its rules, and the copy of each variant. `copies` and `amounts` have the order of the rules' variants.
#[derive(Clone, Debug)]
pub struct AppealDocument {
    /// The rules.
    pub rules: AppealRules,
    /// The copy of each variant.
    pub copies: Vec<Copy>,
    /// The amounts that each variant offers instead of the sites' amounts, by currency.
    pub amounts: Vec<BTreeMap<Currency, OwnAmounts>>,
    /// The ticker, which shows the progress towards the appeal's goal.
    pub ticker: Option<Ticker>,
}

impl AppealDocument {
    /// Reads one appeal. `variants[n].copy` contains a variant's copy, `variants[n].amounts` its own amounts, and
    /// `ticker` the appeal's ticker. All other fields are rules, which the crate `keepopen_decision` reads.
    ///
    /// # Errors
    /// The first problem, with its field. Messages about an appeal without an id use `name_without_id` as its name.
    pub fn read(fields: Map<String, Value>, name_without_id: &str) -> Result<Self, AppealProblem> {
        Self::read_in_notation(fields, name_without_id, Notation::Json)
    }

    /// Reads one appeal like [`Self::read`]. Messages use the notation of the appeal's file.
    ///
    /// # Errors
    /// The errors of [`Self::read`].
    pub fn read_in_notation(
        mut fields: Map<String, Value>,
        name_without_id: &str,
        notation: Notation,
    ) -> Result<Self, AppealProblem> {
        let reader = PartReader(notation);
        let id = fields.get("id").and_then(Value::as_str).unwrap_or(name_without_id).to_owned();
        let problem = |field: String, sentence: String| AppealProblem { appeal: id.clone(), field, sentence };
        if fields.contains_key("live_version") {
            let sentence = "only `keepopen appeals apply` reads this field. Remove it, and write the version that readers should see.";
            return Err(problem("live_version".to_owned(), sentence.to_owned()));
        }
        let (mut copies, mut amounts) = (Vec::<Copy>::new(), Vec::new());
        if let Some(Value::Array(variants)) = fields.get_mut("variants") {
            for (index, variant) in variants.iter_mut().enumerate() {
                let path = format!("variants[{index}].copy");
                let copy = variant.as_object_mut().and_then(|fields| fields.remove("copy"));
                let Some(copy) = copy else {
                    return Err(problem(path, "it is missing; write at least its heading.".to_owned()));
                };
                copies.push(
                    reader
                        .value(copy)
                        .map_err(|(field, sentence)| problem(join_path(&path, &field), sentence))?,
                );
                let path = format!("variants[{index}].amounts");
                let own_amounts = variant.as_object_mut().and_then(|fields| fields.remove("amounts"));
                let own_amounts = own_amounts.map(|amounts| reader.value(amounts)).transpose();
                let own_amounts =
                    own_amounts.map_err(|(field, sentence)| problem(join_path(&path, &field), sentence))?;
                amounts.push(own_amounts.unwrap_or_default());
            }
        }
        let ticker_problem = |field: &str, sentence| problem(join_path("ticker", field), sentence);
        let ticker = fields.remove("ticker").map(|ticker| reader.value::<WrittenTicker>(ticker)).transpose();
        let ticker = ticker.map_err(|(field, sentence)| ticker_problem(&field, sentence))?;
        let ticker = ticker.map(Ticker::try_from).transpose();
        let ticker = ticker.map_err(|(field, sentence)| ticker_problem(field, sentence))?;
        let mut rules: AppealRules =
            reader.value(Value::Object(fields)).map_err(|(field, sentence)| problem(field, sentence))?;
        for (index, copy) in copies.iter().enumerate() {
            let copy_problem = |(field, sentence): (String, String)| {
                problem(format!("variants[{index}].copy{field}"), sentence)
            };
            if let Some(blank_text) = copy.first_blank_text() {
                return Err(copy_problem(blank_text));
            }
            let first_problem = placeholders::problems(copy, ticker.as_ref())
                .into_iter()
                .chain(wordings::problems(copy))
                .next()
                .or_else(|| days_left_without_end(copy, &rules))
                .or_else(|| ticker_value_without_ticker(copy, ticker.as_ref()));
            if let Some(first_problem) = first_problem {
                return Err(copy_problem(first_problem));
            }
        }
        // A variant needs every value that its copy uses.
        for (variant, copy) in rules.variants.iter_mut().zip(&copies) {
            for value in copy.languages().flat_map(|(_, copy_text)| placeholders::placeholders_in(copy_text))
            {
                if !variant.needs.contains(&value) {
                    variant.needs.push(value);
                }
            }
        }
        if ticker.is_some() {
            // The rules check that every needed value is available. The ticker makes its values available.
            rules.available_values = TICKER_VALUES.to_vec();
        }
        Ok(Self { rules, copies, amounts, ticker })
    }

    /// Reads a stored version of an appeal. A version does not contain the appeal's state, so the caller passes it as
    /// `live`.
    ///
    /// # Errors
    /// The errors of [`Self::read`], and an error if `body` is not JSON.
    pub fn read_version(appeal: &str, body: &str, live: Live) -> Result<Self, AppealProblem> {
        let fields = serde_json::from_str(body).map_err(|error| AppealProblem {
            appeal: appeal.to_owned(),
            field: String::new(),
            sentence: error.to_string(),
        })?;
        let mut document = Self::read(fields, appeal)?;
        document.rules.live = live;
        Ok(document)
    }
}

/// The first field that uses `{days_left}`, with a message, if the appeal has no end.
fn days_left_without_end(copy: &Copy, rules: &AppealRules) -> Option<(String, String)> {
    if rules.schedule.ends_at.is_some() {
        return None;
    }
    let field = placeholders::first_use_of(copy, decision::Value::DaysLeft)?;
    Some((field, "{days_left} needs an end: write schedule.ends_at.".to_owned()))
}

/// The first field that uses a ticker's value, with a message, if the appeal has no ticker.
fn ticker_value_without_ticker(copy: &Copy, ticker: Option<&Ticker>) -> Option<(String, String)> {
    let values = TICKER_VALUES.into_iter().filter(|_| ticker.is_none());
    let (field, value) =
        values.filter_map(|value| Some((placeholders::first_use_of(copy, value)?, value))).next()?;
    Some((field, format!("{{{}}} needs a ticker: write ticker.", value.as_str())))
}

/// Reads the parts of an appeal. Messages use the terms of the notation.
#[derive(Clone, Copy)]
struct PartReader(Notation);

impl PartReader {
    /// Returns the value, or the field with the problem and a message.
    fn value<T: DeserializeOwned>(self, value: Value) -> Result<T, (String, String)> {
        typed::read(value, self.0).map_err(|misfit| (misfit.field, misfit.sentence))
    }
}

/// The path of `field` within the value at `path`. An empty `field` stands for the value itself.
fn join_path(path: &str, field: &str) -> String {
    if field.is_empty() { path.to_owned() } else { format!("{path}.{field}") }
}
