//! An appeal on its way through the compiler.

use super::{NameId, Names, Problem};
use crate::appeal_rules::AppealRules;

/// What every rule is given to compile its part: the appeal as written, the names, and a place for complaints.
pub(crate) struct Draft<'a> {
    pub(crate) rules: &'a AppealRules,
    names: &'a mut Names,
    problems: &'a mut Vec<Problem>,
    problems_before: usize,
}

impl<'a> Draft<'a> {
    pub(super) fn new(rules: &'a AppealRules, names: &'a mut Names, problems: &'a mut Vec<Problem>) -> Self {
        let problems_before = problems.len();
        Self { rules, names, problems, problems_before }
    }

    pub(crate) fn problem(&mut self, field_path: impl Into<String>, sentence: impl Into<String>) {
        self.problems.push(Problem::of_appeal(self.rules, field_path, sentence));
    }

    pub(super) fn is_sound(&self) -> bool {
        self.problems.len() == self.problems_before
    }

    /// Turns a list of names into numbers, sorted.
    pub(crate) fn names(&mut self, field_path: &str, names: &[String]) -> Box<[NameId]> {
        let mut ids = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if name.trim().is_empty() {
                self.problem(
                    format!("{field_path}[{place}]"),
                    "an empty name fits nothing: write one, or take it out.",
                );
            } else {
                ids.push(self.names.add(name));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_boxed_slice()
    }
}
