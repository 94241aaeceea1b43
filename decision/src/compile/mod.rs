//! From what people wrote to what can be asked a million times.
//!
//! **Owns** checking sites and appeals, and turning names into numbers.
//! **Never** lets one bad appeal take another down, nor shows one that has a problem.
//! **Start at** `compile` below; each rule compiles its own part in `rules/`.
//! **Tested in** `cases/problems.json` and the tests beside the code.

mod compiled;
mod draft;
mod index;
mod names;
mod problem;
mod site;

use std::collections::BTreeSet;

use crate::appeal_rules::{AppealRules, SiteRules};
use crate::verdict::AppealIndex;
pub use compiled::Compiled;
pub(crate) use compiled::{Appeal, Site};
use draft::Author;
pub(crate) use draft::{Complaints, Draft, blackouts, moment_ms, week_hours};
pub(crate) use index::Index;
pub(crate) use names::{NameId, Names};
pub use problem::Problem;

/// Checks sites and appeals and makes them ready for [`decide`](crate::decide()).
///
/// An appeal with a problem is left out and takes no other down. Verdicts name appeals by their place in
/// `appeals`, counting those left out.
pub fn compile(sites: &[SiteRules], appeals: &[AppealRules]) -> (Compiled, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut compiled = Compiled::default();
    for (place, rules) in sites.iter().enumerate() {
        site::add(&mut compiled, rules, place, &mut problems);
    }
    let nowhere = Site::nowhere();
    let mut taken = BTreeSet::new();
    for (place, rules) in appeals.iter().enumerate() {
        let mut complaints = Complaints::new(Author::Appeal(rules), &mut problems);
        if !taken.insert(rules.id.as_str()) {
            complaints.problem("id", "another appeal already has this id: give this one its own.");
        }
        let homes = site::homes(rules, &compiled.sites_by_id, &mut complaints);
        let Compiled { sites, names, .. } = &mut compiled;
        let mut compile =
            |site: &Site| Appeal::compile(AppealIndex(place), rules, site, names, &mut complaints);
        let ready: Vec<(usize, Appeal)> = homes.iter().map(|home| (*home, compile(&sites[*home]))).collect();
        if homes.is_empty() {
            // Nobody will see it, but whoever wrote it wants to hear of everything that is wrong.
            compile(&nowhere);
        }
        if complaints.is_empty() {
            for (home, appeal) in ready {
                sites[home].appeals.push(appeal);
            }
        }
    }
    compiled.sites.iter_mut().for_each(Site::settle);
    (compiled, problems)
}
