//! Checks the former ids of appeals.

use std::collections::BTreeMap;

use crate::appeal_rules::AppealRules;
use crate::diagnostics::Diagnostics;
use crate::labels::Live;

/// For each id, the live and scheduled appeals that have this id now or had it before.
pub(super) struct Claims<'a>(BTreeMap<&'a str, Vec<&'a AppealRules>>);

const fn may_show(rules: &AppealRules) -> bool {
    matches!(rules.live, Live::Live | Live::Scheduled)
}

impl<'a> Claims<'a> {
    pub(super) fn of(appeals: &'a [AppealRules]) -> Self {
        let mut claims: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        // If no appeal has former ids, there is nothing to check.
        if appeals.iter().any(|rules| !rules.former_ids.is_empty()) {
            for rules in appeals.iter().filter(|rules| may_show(rules)) {
                for id in std::iter::once(&rules.id).chain(&rules.former_ids) {
                    claims.entry(id).or_default().push(rules);
                }
            }
        }
        Self(claims)
    }

    /// Reports former ids that can't be used. If two appeals that may show on the same site claim the same id, only one
    /// of them can take over its views and dismissals.
    pub(super) fn check(&self, rules: &AppealRules, diagnostics: &mut Diagnostics<'_>) {
        for (place, id) in rules.former_ids.iter().enumerate() {
            let path = format!("former_ids[{place}]");
            if !diagnostics.check_id(path.as_str(), id, "an appeal") {
                continue;
            }
            if *id == rules.id {
                diagnostics.problem(path, "this is the appeal's current id: remove it from the former ids.");
            } else if rules.former_ids[..place].contains(id) {
                diagnostics.problem(path, format!("{id:?} is listed twice."));
            } else if let Some(other) = self.other_claim(id, rules) {
                let sentence = if other.id == *id {
                    format!("the appeal {id:?} can still show: end that appeal, or remove this former id.")
                } else {
                    format!("the appeal {:?} also had this id: remove the id from one of them.", other.id)
                };
                diagnostics.problem(path, sentence);
            }
        }
    }

    /// Returns another appeal that claims the id and may show on one of the same sites.
    fn other_claim(&self, id: &str, rules: &AppealRules) -> Option<&'a AppealRules> {
        let shares_a_site = |other: &&&AppealRules| {
            other.id != rules.id && other.sites.iter().any(|site| rules.sites.contains(site))
        };
        let claims = self.0.get(id).filter(|_| may_show(rules))?;
        claims.iter().find(shares_a_site).copied()
    }
}
