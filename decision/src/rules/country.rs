//! Where the reader is. An unknown country passes appeals that name none, and fails all others: it might be
//! one that is excluded.

use super::{Check, Evidence, Outcome, list};
use crate::appeal_rules::Selection;
use crate::compile::Draft;
use crate::country::CountryCode;
use crate::facts::Facts;
use crate::reason::Reason;

/// Some places in the world.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    include: Box<[CountryCode]>,
    exclude: Box<[CountryCode]>,
}

impl Places {
    pub(super) fn compile(draft: &mut Draft<'_, '_>, field_path: &str, written: &Selection) -> Self {
        Self {
            include: codes(draft, &format!("{field_path}.include"), &written.include),
            exclude: codes(draft, &format!("{field_path}.exclude"), &written.exclude),
        }
    }

    fn are_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    pub(super) fn have(&self, facts: &Facts<'_>) -> bool {
        match facts.country {
            None => self.are_all(),
            Some(code) => {
                self.exclude.binary_search(&code).is_err()
                    && (self.include.is_empty() || self.include.binary_search(&code).is_ok())
            }
        }
    }
}

fn codes(draft: &mut Draft<'_, '_>, field_path: &str, texts: &[String]) -> Box<[CountryCode]> {
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

#[derive(Clone, Debug)]
pub(crate) struct Country(Places);

impl Check for Country {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self(Places::compile(draft, "audience.countries", &draft.rules.audience.countries))
    }

    fn is_idle(&self) -> bool {
        self.0.are_all()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0.have(facts), Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = facts.country.map_or_else(|| "unknown".to_owned(), |code| code.to_string());
        let list = |codes: &[CountryCode]| list(codes.iter().map(ToString::to_string), "none");
        let Places { include, exclude } = &self.0;
        let wanted = match (include.is_empty(), exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", list(include)),
            (true, false) => format!("none of: {}", list(exclude)),
            (false, false) => format!("one of: {}; none of: {}", list(include), list(exclude)),
        };
        Evidence::new(seen, wanted)
    }
}
