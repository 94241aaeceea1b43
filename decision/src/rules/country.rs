//! Where the reader is. An unknown country passes appeals that name none, and fails all others: it might be
//! one that is excluded.

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::country::CountryCode;
use crate::facts::Facts;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Country {
    include: Box<[CountryCode]>,
    exclude: Box<[CountryCode]>,
}

impl Country {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        let countries = &draft.rules.audience.countries;
        Self {
            include: codes(draft, "audience.countries.include", &countries.include),
            exclude: codes(draft, "audience.countries.exclude", &countries.exclude),
        }
    }
}

fn codes(draft: &mut Draft<'_>, field_path: &str, texts: &[String]) -> Box<[CountryCode]> {
    let mut codes = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        match CountryCode::parse(text) {
            Some(code) => codes.push(code),
            None => draft.problem(
                format!("{field_path}[{place}]"),
                format!("{text:?} is no country's code of two letters (the United Kingdom's is GB)."),
            ),
        }
    }
    codes.sort_unstable();
    codes.into_boxed_slice()
}

impl Check for Country {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        let passes = match facts.country {
            None => self.include.is_empty() && self.exclude.is_empty(),
            Some(code) => {
                self.exclude.binary_search(&code).is_err()
                    && (self.include.is_empty() || self.include.binary_search(&code).is_ok())
            }
        };
        Outcome::pass_if(passes, Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = facts.country.map_or_else(|| "unknown".to_owned(), |code| code.to_string());
        let list =
            |codes: &[CountryCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", list(&self.include)),
            (true, false) => format!("none of: {}", list(&self.exclude)),
            (false, false) => format!("one of: {}; none of: {}", list(&self.include), list(&self.exclude)),
        };
        Evidence::new(seen, wanted)
    }
}
