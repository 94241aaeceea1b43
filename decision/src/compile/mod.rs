//! From what people wrote to what can be asked a million times.
//!
//! **Owns** checking sites and appeals, and turning names into numbers.
//! **Never** lets one bad appeal take another down, nor shows one that has a problem.
//! **Start at** `compile` below; each rule compiles its own part in `rules/`.
//! **Tested in** `cases/problems.json` and the tests beside the code.

mod compiled;
mod draft;
mod names;
mod problem;

use std::collections::BTreeSet;

use crate::appeal_rules::{AppealRules, SiteRules};
pub use compiled::Compiled;
pub(crate) use compiled::{Appeal, Site};
use compiled::{Placed, Variant};
pub(crate) use draft::Draft;
pub(crate) use names::{NameId, Names};
pub use problem::Problem;

use crate::assignment::{self, ranges};
use crate::verdict::AppealIndex;

/// Checks sites and appeals and makes them ready for [`decide`](crate::decide()).
///
/// An appeal with a problem is left out and takes no other down. Verdicts name appeals by their place in
/// `appeals`, counting those left out.
pub fn compile(sites: &[SiteRules], appeals: &[AppealRules]) -> (Compiled, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut compiled = Compiled::default();
    for (place, site) in sites.iter().enumerate() {
        add_site(&mut compiled, site, place, &mut problems);
    }
    let mut taken = BTreeSet::new();
    for (place, rules) in appeals.iter().enumerate() {
        let mut draft = Draft::new(rules, &mut compiled.names, &mut problems);
        if !taken.insert(rules.id.as_str()) {
            draft.problem("id", "another appeal already has this id: give this one its own.");
        }
        let homes = homes(&mut draft, &compiled.sites_by_id);
        let appeal = Appeal::compile(AppealIndex(place), &mut draft);
        if draft.is_sound() {
            place_appeal(&mut compiled, appeal, &homes);
        }
    }
    for site in &mut compiled.sites {
        let all = &compiled.appeals;
        // The sort is stable: among equals the one written first stays first.
        site.appeals.sort_by_key(|placed| std::cmp::Reverse(all[placed.appeal].priority));
    }
    (compiled, problems)
}

fn add_site(compiled: &mut Compiled, rules: &SiteRules, place: usize, problems: &mut Vec<Problem>) {
    if rules.id.trim().is_empty() {
        problems.push(Problem::of_site(rules, "id", format!("site number {place} needs an id.")));
        return;
    }
    if compiled.sites_by_id.contains_key(rules.id.as_str()) {
        problems.push(Problem::of_site(
            rules,
            "id",
            "another site already has this id: the first one counts.",
        ));
        return;
    }
    let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(&rules.time_zone).unwrap_or_else(|_| {
        let sentence = format!(
            "{:?} is not a time zone: write a name such as \"Europe/Dublin\". UTC is used until then.",
            rules.time_zone
        );
        problems.push(Problem::of_site(rules, "time_zone", sentence));
        jiff::tz::TimeZone::UTC
    });
    compiled.sites_by_id.insert(rules.id.as_str().into(), compiled.sites.len());
    compiled.sites.push(Site {
        id: rules.id.as_str().into(),
        kill_switch: rules.kill_switch,
        time_zone,
        appeals: Vec::new(),
    });
}

fn homes(draft: &mut Draft<'_>, sites: &compiled::SitesById) -> Vec<usize> {
    let rules = draft.rules;
    if rules.sites.is_empty() {
        draft.problem("sites", "an appeal belongs to at least one site: name it.");
    }
    let mut homes = Vec::new();
    for (place, id) in rules.sites.iter().enumerate() {
        match sites.get(id.as_str()) {
            None => draft.problem(format!("sites[{place}]"), format!("there is no site {id:?}.")),
            Some(home) if homes.contains(home) => {
                draft.problem(format!("sites[{place}]"), format!("{id:?} is named twice."));
            }
            Some(home) => homes.push(*home),
        }
    }
    homes
}

fn place_appeal(compiled: &mut Compiled, appeal: Appeal, homes: &[usize]) {
    for home in homes {
        let site = &mut compiled.sites[*home];
        let salt = assignment::salt(&site.id, &appeal.id);
        site.appeals.push(Placed { appeal: compiled.appeals.len(), salt });
    }
    compiled.appeals.push(appeal);
}

/// Checks the variants and gives each its range.
fn variants(draft: &mut Draft<'_>) -> Box<[Variant]> {
    let rules = &draft.rules.variants;
    if rules.is_empty() {
        draft.problem(
            "variants",
            "an appeal needs at least one variant: without one there is nothing to show.",
        );
    } else if rules.iter().all(|variant| variant.weight == 0) {
        draft.problem("variants", "every variant has weight 0: give at least one of them readers.");
    }
    let mut taken = BTreeSet::new();
    for (place, variant) in rules.iter().enumerate() {
        if variant.id.trim().is_empty() {
            draft.problem(format!("variants[{place}].id"), "a variant needs an id.");
        } else if !taken.insert(variant.id.as_str()) {
            draft.problem(format!("variants[{place}].id"), format!("{:?} is named twice.", variant.id));
        }
    }
    let weights: Vec<u32> = rules.iter().map(|variant| variant.weight).collect();
    let ends = ranges(&weights);
    rules.iter().zip(ends).map(|(variant, end)| Variant { id: variant.id.as_str().into(), end }).collect()
}
