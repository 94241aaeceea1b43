//! Compiles sites and appeals into a form that decides quickly.
//!
//! **Owns** checking sites and appeals, and replacing names with numbers.
//! **Never** lets an invalid appeal affect another appeal, and never compiles an appeal that has a problem.
//! **Start at** `compile` below; each rule compiles its own part in `rules/`.
//! **Tested in** `cases/problems.json` and the unit tests.

mod former_ids;
mod learned;

use std::collections::BTreeSet;

use crate::appeal_rules::{AppealRules, SiteRules};
use crate::compiled::{Appeal, Compiled, SiteAppeals};
use crate::diagnostics::{Diagnostics, Problem, Subject};
use crate::site::{Ids, Site};
use crate::verdict::AppealIndex;
pub use learned::{LearnedWeights, Learner};

/// Checks sites and appeals and compiles them for [`decide`](crate::decide()).
///
/// An appeal with a problem is skipped and affects no other appeal. Verdicts identify appeals by their index in
/// `appeals`, which includes skipped ones.
pub fn compile(sites: &[SiteRules], appeals: &[AppealRules]) -> (Compiled, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut compiled = Compiled::default();
    for (place, rules) in sites.iter().enumerate() {
        add_site(&mut compiled, rules, place, &mut problems);
    }
    let placeholder = Site::placeholder();
    let mut used_ids = BTreeSet::new();
    let claims = former_ids::Claims::of(appeals);
    for (place, rules) in appeals.iter().enumerate() {
        let mut diagnostics = Diagnostics::new(Subject::Appeal(&rules.id), &mut problems);
        if !used_ids.insert(rules.id.as_str()) {
            diagnostics.problem("id", "another appeal already has this id: give this appeal another id.");
        }
        claims.check(rules, &mut diagnostics);
        let target_sites = target_sites(rules, &compiled.sites_by_id, &mut diagnostics);
        let Compiled { sites, names, .. } = &mut compiled;
        let mut compile =
            |site: &Site| Appeal::compile(AppealIndex(place), rules, site, names, &mut diagnostics);
        let compiled_appeals: Vec<(usize, Appeal)> =
            target_sites.iter().map(|target| (*target, compile(&sites[*target].site))).collect();
        if target_sites.is_empty() {
            // The appeal names no compiled site, so it never shows. It is still compiled, for the placeholder site, so
            // that its author sees every problem at once.
            compile(&placeholder);
        }
        if diagnostics.is_empty() {
            for (target, appeal) in compiled_appeals {
                sites[target].appeals.push(appeal);
            }
        }
    }
    compiled.sites.iter_mut().for_each(SiteAppeals::build_index);
    (compiled, problems)
}

fn add_site(compiled: &mut Compiled, rules: &SiteRules, place: usize, problems: &mut Vec<Problem>) {
    let mut diagnostics = Diagnostics::new(Subject::Site(&rules.id), problems);
    if rules.id.trim().is_empty() {
        diagnostics.problem("id", format!("the site at index {place} needs an id."));
        return;
    }
    if compiled.sites_by_id.contains_key(rules.id.as_str()) {
        diagnostics.problem("id", "another site already has this id: only the first of them is used.");
        return;
    }
    let site = Site::compile(rules, &mut compiled.names, &mut diagnostics);
    compiled.sites_by_id.insert(rules.id.as_str().into(), site_index(compiled.sites.len()));
    compiled.sites.push(SiteAppeals::new(site));
}

/// Returns the index of the next site.
fn site_index(number_of_sites: usize) -> u32 {
    u32::try_from(number_of_sites).expect("the number of sites must fit in 32 bits")
}

/// Returns the indexes of the sites that the appeal names.
fn target_sites(rules: &AppealRules, sites: &Ids, diagnostics: &mut Diagnostics<'_>) -> Vec<usize> {
    if rules.sites.is_empty() {
        diagnostics.problem("sites", "an appeal must belong to at least one site: list its sites.");
    }
    let mut target_sites = Vec::new();
    for (place, id) in rules.sites.iter().enumerate() {
        match sites.get(id.as_str()).map(|target| *target as usize) {
            None => diagnostics.problem(format!("sites[{place}]"), format!("there is no site {id:?}.")),
            Some(target) if target_sites.contains(&target) => {
                diagnostics.problem(format!("sites[{place}]"), format!("{id:?} is listed twice."));
            }
            Some(target) => target_sites.push(target),
        }
    }
    target_sites
}

/// The stage of an appeal's schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The schedule has not started on any of the appeal's sites.
    Before,
    /// The schedule has started on at least one of the appeal's sites, and has not ended on all of them.
    Within,
    /// The schedule has ended on all of the appeal's sites.
    After,
}

/// Returns the stage of each appeal's schedule at `now_ms` (milliseconds since 1970); `None` for an appeal that can't
/// be compiled.
pub fn stages_of(sites: &[SiteRules], appeals: &[AppealRules], now_ms: i64) -> Vec<Option<Stage>> {
    let (compiled, _) = compile(sites, appeals);
    let mut stages = vec![None; appeals.len()];
    for appeal in compiled.sites.iter().flat_map(|site| &site.appeals) {
        let schedule = &appeal.parts.schedule;
        let stage_here = match (schedule.is_over(now_ms), schedule.has_begun(now_ms)) {
            (true, _) => Stage::After,
            (false, true) => Stage::Within,
            (false, false) => Stage::Before,
        };
        let stage = &mut stages[appeal.index.0];
        // If the stages on two sites differ, the appeal has started on one of them and has not ended on both.
        *stage = Some(match *stage {
            Some(elsewhere) if elsewhere != stage_here => Stage::Within,
            _ => stage_here,
        });
    }
    stages
}

/// Returns a problem for each appeal that would already be over if it were published at `now_ms` (milliseconds since
/// 1970). Such an appeal still compiles: an appeal that was published before its end is valid, and has simply ended.
pub fn problems_of_ended_schedules(
    sites: &[SiteRules],
    appeals: &[AppealRules],
    now_ms: i64,
) -> Vec<Problem> {
    let sentence = "the schedule has already ended: write a later `ends_at`, or remove `ends_at`.";
    let stages = appeals.iter().zip(stages_of(sites, appeals, now_ms));
    stages
        .filter(|(_, stage)| *stage == Some(Stage::After))
        .map(|(rules, _)| Problem::new(Subject::Appeal(&rules.id), "schedule.ends_at", sentence))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appeal_rules::{Frequency, Meter, Moment};
    use crate::labels::{Kind, Surface, WithoutHistory};
    use crate::rules::{Parts, Rule};

    #[test]
    fn an_appeal_that_has_ended_on_all_of_its_sites_is_a_problem_when_published() {
        let sites = [("dublin", "Europe/Dublin"), ("sydney", "Australia/Sydney")]
            .map(|(id, zone)| SiteRules { time_zone: zone.to_owned(), ..SiteRules::new(id) });
        let mut appeal = AppealRules::new("summer", "dublin", Kind::Ask, Surface::Banner);
        appeal.schedule.ends_at = Some("2026-06-15".parse::<Moment>().unwrap());
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let problems = |appeal: &AppealRules, now: &str| {
            problems_of_ended_schedules(&sites, std::slice::from_ref(appeal), at(now)).len()
        };
        assert_eq!(problems(&appeal, "2026-06-15T22:59:59Z"), 0);
        assert_eq!(problems(&appeal, "2026-06-15T23:00:00Z"), 1);
        appeal.sites = vec!["sydney".to_owned()];
        assert_eq!(problems(&appeal, "2026-06-15T22:59:59Z"), 1);
        appeal.sites.push("dublin".to_owned());
        assert_eq!(problems(&appeal, "2026-06-15T22:59:59Z"), 0);
    }
    #[test]
    fn an_appeal_starts_on_its_first_site_and_ends_on_its_last() {
        let sites = [("dublin", "Europe/Dublin"), ("sydney", "Australia/Sydney")]
            .map(|(id, zone)| SiteRules { time_zone: zone.to_owned(), ..SiteRules::new(id) });
        let day = |text: &str| Some(text.parse::<Moment>().unwrap());
        let mut both = AppealRules::new("both", "dublin", Kind::Ask, Surface::Banner);
        both.sites.push("sydney".to_owned());
        (both.schedule.starts_at, both.schedule.ends_at) = (day("2026-06-15"), day("2026-06-15"));
        let mut broken = both.clone();
        (broken.id, broken.sites) = ("broken".to_owned(), vec!["nowhere".to_owned()]);
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let stages = |now: &str| stages_of(&sites, &[broken.clone(), both.clone()], at(now));
        // Midnight in Sydney is 14:00 UTC on the day before; midnight in Dublin is 23:00 UTC.
        assert_eq!(stages("2026-06-14T13:59:59Z"), [None, Some(Stage::Before)]);
        assert_eq!(stages("2026-06-14T14:00:00Z"), [None, Some(Stage::Within)]);
        assert_eq!(stages("2026-06-15T14:00:00Z"), [None, Some(Stage::Within)]);
        assert_eq!(stages("2026-06-15T23:00:00Z"), [None, Some(Stage::After)]);
    }

    fn compiled_parts(appeal: AppealRules) -> Parts {
        let (compiled, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
        assert_eq!(problems, []);
        compiled.sites[0].appeals[0].parts.clone()
    }

    fn active_rules(appeal: AppealRules) -> Vec<Rule> {
        compiled_parts(appeal).active().collect()
    }

    #[test]
    fn rules_that_always_pass_are_not_checked() {
        let plain = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
        assert_eq!(
            active_rules(plain.clone()),
            [
                Rule::Surface,
                Rule::Standing,
                Rule::Quiet,
                Rule::SensitivePage,
                Rule::PaidPage,
                Rule::History,
                Rule::Frequency,
                Rule::Dismissal,
            ]
        );
        let timed: Vec<Rule> = compiled_parts(plain.clone()).timed().collect();
        assert_eq!(timed, [Rule::Quiet, Rule::Frequency, Rule::Dismissal]);

        let mut thanks = AppealRules { kind: Kind::Thank, surface: vec![Surface::Wall], ..plain };
        (thanks.pages.on_sensitive_pages, thanks.pages.on_paid_pages) = (true, true);
        let entitlement = Some("archive".to_owned());
        thanks.meter = Some(Meter { free_articles: 0, window_days: 30, hard: true, entitlement });
        thanks.without_history = WithoutHistory::Ask;
        assert_eq!(active_rules(thanks.clone()), [Rule::Surface, Rule::Standing, Rule::Meter]);

        (thanks.meter, thanks.without_history) = (None, WithoutHistory::Silent);
        thanks.frequency = Some(Frequency { unlimited: true, ..Frequency::default() });
        assert_eq!(active_rules(thanks), [Rule::Surface, Rule::Standing, Rule::Dismissal]);
    }
}
