//! One appeal as it is written, in a file or over HTTP: its rules, and the copy of each variant.

use std::collections::BTreeMap;

use keepopen_decision::{AppealRules, Live};
use serde_json::{Map, Value};

use super::ticker::{TICKER_VALUES, Ticker, WrittenTicker};
use super::{AppealProblem, Copy};
use crate::config::OwnAmounts;
use crate::money::Currency;

/// One appeal as it was written: its rules, and the copy of each variant in their order.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who, where, when, how often.
    pub rules: AppealRules,
    /// The copy of each variant.
    pub copies: Vec<Copy>,
    /// The amounts that each variant offers in place of its sites', by currency.
    pub amounts: Vec<BTreeMap<Currency, OwnAmounts>>,
    /// What it tells of how far it has come.
    pub ticker: Option<Ticker>,
}

impl Draft {
    /// Reads one appeal. The copy stands in `variants[n].copy`, amounts of its own in `variants[n].amounts`; the rest is the rules, which the decision reads.
    ///
    /// # Errors
    /// What is wrong, naming the field; `place` names an appeal that has no id.
    pub fn read(mut fields: Map<String, Value>, place: &str) -> Result<Self, AppealProblem> {
        let id = fields.get("id").and_then(Value::as_str).unwrap_or(place).to_owned();
        let problem = |field: String, sentence: String| AppealProblem { appeal: id.clone(), field, sentence };
        let (mut copies, mut amounts) = (Vec::new(), Vec::new());
        if let Some(Value::Array(variants)) = fields.get_mut("variants") {
            for (place, variant) in variants.iter_mut().enumerate() {
                let path = format!("variants[{place}].copy");
                let copy = variant.as_object_mut().and_then(|fields| fields.remove("copy"));
                let Some(copy) = copy else {
                    return Err(problem(path, "it is missing; write at least its heading.".to_owned()));
                };
                copies.push(read(copy).map_err(|(field, sentence)| problem(under(&path, &field), sentence))?);
                let path = format!("variants[{place}].amounts");
                let own = variant.as_object_mut().and_then(|fields| fields.remove("amounts"));
                let own = own.map(read).transpose();
                let own = own.map_err(|(field, sentence)| problem(under(&path, &field), sentence))?;
                amounts.push(own.unwrap_or_default());
            }
        }
        for (place, copy) in copies.iter().enumerate() {
            if let Some(name) = unknown_placeholder(copy) {
                let sentence = format!(
                    "{{{name}}} is no placeholder; there is {{gift}}, the gift that the reader has chosen."
                );
                return Err(problem(format!("variants[{place}].copy"), sentence));
            }
        }
        let in_ticker = |field: &str, sentence| problem(under("ticker", field), sentence);
        let ticker = fields.remove("ticker").map(read::<WrittenTicker>).transpose();
        let ticker = ticker.map_err(|(field, sentence)| in_ticker(&field, sentence))?;
        let ticker = ticker.map(Ticker::try_from).transpose();
        let ticker = ticker.map_err(|(field, sentence)| in_ticker(field, sentence))?;
        let mut rules: AppealRules =
            read(Value::Object(fields)).map_err(|(field, sentence)| problem(field, sentence))?;
        if ticker.is_some() {
            rules.given = TICKER_VALUES.to_vec();
        }
        Ok(Self { rules, copies, amounts, ticker })
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

/// The first word in braces that nothing would be put in place of.
fn unknown_placeholder(copy: &Copy) -> Option<String> {
    let texts = [Some(&copy.heading), copy.cta.as_ref(), copy.dismiss.as_ref()].into_iter().flatten();
    let thanks = copy.thanks.iter().flat_map(|thanks| std::iter::once(&thanks.heading).chain(&thanks.body));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    texts
        .chain(&copy.body)
        .chain(thanks)
        .flat_map(|text| text.split('{').skip(1))
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .find(|name| is_name(name) && *name != "gift")
        .map(str::to_owned)
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
