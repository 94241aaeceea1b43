//! Properties that hold for every appeal, every reader and every time.
//!
//! **Owns** the properties of the decision that no list of cases can cover.
//! **Never** repeats a case or depends on chance: tests that count readers use fixed buckets.
//! **Start at** the properties below; `generate/` creates the appeals and the questions (the requests for a decision).
//! **Tested in** itself: each property was seen to fail once when the rule that it guards was broken.

mod countries;
mod exact;
mod generate;
mod meter;
mod narrowing;
mod order;
mod shares;

use keepopen_decision::{
    AppealRules, Compiled, Kind, Known, Question, SiteRules, Standing, Verdict, compile, decide, explain,
};
use proptest::prelude::*;

use generate::{appeals, known, question, site, time};

/// Returns a configuration that runs each property with this number of generated inputs, unless `PROPTEST_CASES` sets
/// another number.
pub fn runs(number: u32) -> ProptestConfig {
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    if is_set { ProptestConfig::default() } else { ProptestConfig::with_cases(number) }
}

/// Compiles the appeals for the site.
fn rules(site: &SiteRules, appeals: &[AppealRules]) -> Compiled {
    compile(std::slice::from_ref(site), appeals).0
}

/// Decides the question.
fn ask(rules: &Compiled, question: &Question<'_>, known: &Known, now_ms: i64) -> Verdict {
    decide(rules, question, known, now_ms, 500_000).expect("the site must exist")
}

fn shows(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Show { .. })
}

/// Whether no appeal matched. A held-out reader would have seen an appeal, so a held-out verdict does not count.
fn is_silent(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Silent { .. })
}

proptest! {
    #![proptest_config(runs(1000))]

    #[test]
    fn the_same_input_leads_to_the_same_verdict_and_explanation(
        appeals in appeals(0..4),
        site in site(),
        question in question(),
        known in known(),
        now_ms in prop_oneof![4 => time().prop_map(|at| at.as_millisecond()), 1 => any::<i64>()],
        draw in any::<u32>(),
    ) {
        let (one, other) = (rules(&site, &appeals), rules(&site, &appeals));
        let verdict = decide(&one, &question, &known, now_ms, draw).expect("the site must exist");
        prop_assert_eq!(verdict, decide(&other, &question, &known, now_ms, draw).expect("the site must exist"));
        let explanation = explain(&one, &question, &known, now_ms, draw).expect("the site must exist");
        prop_assert_eq!(explanation.verdict, verdict);
        let chosen = explanation.appeals.iter().find(|appeal| appeal.chosen);
        let shown = match verdict {
            Verdict::Show { appeal, .. } | Verdict::HeldOut { appeal, .. } => Some(appeals[appeal.0].id.as_str()),
            Verdict::Silent { .. } => None,
        };
        prop_assert_eq!(chosen.map(|appeal| appeal.appeal.as_str()), shown);
        for appeal in &explanation.appeals {
            prop_assert_eq!(appeal.passed, appeal.rules.iter().all(|rule| rule.passed));
        }
    }

    #[test]
    fn a_reader_whose_standing_is_unknown_sees_nothing(
        appeals in appeals(1..4),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
    ) {
        let known = Known { standing: Standing::Unknown, ..known };
        prop_assert!(!shows(ask(&rules(&site, &appeals), &question, &known, now.as_millisecond())));
    }

    #[test]
    fn neither_a_known_supporter_nor_a_recent_giver_is_asked(
        appeals in appeals(1..4),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
    ) {
        let now_ms = now.as_millisecond();
        let is_supporter = matches!(known.standing, Standing::Recurring | Standing::PastDue);
        let gave_recently = known.quiet_until_ms.is_some_and(|until_ms| now_ms < until_ms);
        if let Verdict::Show { kind: Kind::Ask | Kind::WinBack, .. } =
            ask(&rules(&site, &appeals), &question, &known, now_ms)
        {
            prop_assert!(!is_supporter && !gave_recently, "a supporter or a recent giver was asked");
        }
    }

    #[test]
    fn no_reader_is_thanked_for_a_payment_that_failed(
        appeals in appeals(1..4),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
    ) {
        if let Verdict::Show { kind: Kind::Thank, .. } =
            ask(&rules(&site, &appeals), &question, &known, now.as_millisecond())
        {
            prop_assert!(matches!(known.standing, Standing::OneOff | Standing::Recurring | Standing::Lapsed));
        }
    }

    #[test]
    fn an_appeal_with_a_problem_does_not_affect_other_appeals(
        appeals in appeals(1..4),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
    ) {
        let sites = [site];
        let (all, problems) = compile(&sites, &appeals);
        let is_valid = |id: &str| problems.iter().all(|problem| problem.appeal.as_deref() != Some(id));
        let valid: Vec<AppealRules> = appeals.iter().filter(|appeal| is_valid(&appeal.id)).cloned().collect();
        let (alone, site_problems) = compile(&sites, &valid);
        prop_assert!(site_problems.iter().all(|problem| problem.appeal.is_none()));
        let comparable = |verdict, appeals: &[AppealRules]| match verdict {
            Verdict::Show { appeal, variant, surface, .. } | Verdict::HeldOut { appeal, variant, surface, .. } => {
                Ok((appeals[appeal.0].id.clone(), variant, surface))
            }
            silent @ Verdict::Silent { .. } => Err(silent),
        };
        let now_ms = now.as_millisecond();
        prop_assert_eq!(
            comparable(ask(&all, &question, &known, now_ms), &appeals),
            comparable(ask(&alone, &question, &known, now_ms), &valid)
        );
    }
}
