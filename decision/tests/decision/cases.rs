//! Runs every case in `cases/`. `cases/README.md` describes their format.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use keepopen_decision::{
    AppealRules, Decision, Explanation, Known, LearnedWeights, Problem, Question, Reason, SiteRules,
    Standing, Surface, TemplateValues, Verdict, compile, decide, explain, quiet_until_ms,
};
use serde::Deserialize;
use serde_json::Value;

/// A case: sites, appeals and a question, with the expected outcome.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    #[expect(dead_code, reason = "only people read it: the ids of the behaviours that the case covers")]
    after: Vec<String>,
    now: Timestamp,
    sites: Vec<SiteRules>,
    appeals: Vec<AppealRules>,
    #[serde(default)]
    learned: Vec<CaseLearned>,
    question: Value,
    known: CaseKnown,
    #[serde(default)]
    draw: u32,
    expect: Expect,
}

/// Learned weights of an appeal's variants, by variant id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLearned {
    site: String,
    appeal: String,
    weights: BTreeMap<String, u32>,
}

/// What is known about the reader. The quiet period is given by its end, or by the time of the gift.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseKnown {
    standing: Standing,
    quiet_until: Option<Timestamp>,
    gave_at: Option<Timestamp>,
    #[serde(default)]
    entitlements: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    show: Option<bool>,
    appeal: Option<String>,
    variant: Option<String>,
    surface: Option<Surface>,
    kind: Option<keepopen_decision::Kind>,
    position: Option<u32>,
    closable: Option<bool>,
    reason: Option<Reason>,
    next_eligible_at: Option<Timestamp>,
    bad_question: Option<String>,
    values: Option<Value>,
    #[serde(default)]
    unknown_site: bool,
    #[serde(default)]
    problems: Vec<ExpectedProblem>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedProblem {
    appeal: Option<String>,
    site: Option<String>,
    field_path: String,
}

#[test]
fn every_case_has_its_expected_outcome() {
    let mut names = std::collections::BTreeSet::new();
    let mut failures = Vec::new();
    for case in all_cases() {
        assert!(names.insert(case.name.clone()), "two cases are called {:?}", case.name);
        if let Err(failure) = check_case(&case) {
            failures.push(format!("{}: {failure}", case.name));
        }
    }
    assert!(names.len() > 100, "expected more than 100 cases, found {}", names.len());
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        names.len(),
        failures.join("\n")
    );
}

fn all_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder must exist")
        .map(|entry| entry.expect("the entry must be readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("the file must be readable");
            serde_json::from_str::<Vec<Case>>(&text)
                .unwrap_or_else(|error| panic!("{} is not a list of cases: {error}", path.display()))
        })
        .collect()
}

/// Returns what differs from the expected outcome as an error.
fn check_case(case: &Case) -> Result<(), String> {
    let (mut rules, problems) = compile(&case.sites, &case.appeals);
    rules.apply_learned_weights(&case.learned.iter().map(learned_weights).collect::<Vec<_>>());
    let problems: Vec<ExpectedProblem> = problems.iter().map(comparable).collect();
    expect_equal("problems", &problems, &case.expect.problems)?;
    let text = case.question.to_string();
    let question = match (serde_json::from_str::<Question<'_>>(&text), &case.expect.bad_question) {
        (Err(error), Some(expected)) if error.to_string().contains(expected) => return Ok(()),
        (Err(error), _) => return Err(format!("the question was rejected: {error}")),
        (Ok(_), Some(_)) => return Err("the question was accepted".to_owned()),
        (Ok(question), None) => question,
    };
    let known = known_of(case);
    let now_ms = case.now.as_millisecond();
    match rules.site(&question.site) {
        Err(_) if case.expect.unknown_site => Ok(()),
        Ok(site) if !case.expect.unknown_site => {
            let decision = Decision::new(site, &question, &known, now_ms, case.draw);
            let (verdict, explanation) = (decision.verdict(), decision.explain());
            expect_equal("explained verdict", &explanation.verdict, &verdict)?;
            // The decision caches parts of its context. The cache must not change the verdict or the explanation.
            let decided = decide(&rules, &question, &known, now_ms, case.draw);
            expect_equal("verdict alone", &decided, &Ok(verdict))?;
            expect_equal(
                "explanation alone",
                &explain(&rules, &question, &known, now_ms, case.draw),
                &Ok(explanation.clone()),
            )?;
            check_verdict(case, verdict, &explanation)?;
            let Verdict::Show { appeal, .. } = verdict else {
                return expect_equal("values", &None, &case.expect.values.as_ref());
            };
            let values = values(&decision.values(appeal).expect("the shown appeal must be on the site"));
            expect_equal("values", &values, case.expect.values.as_ref().unwrap_or(&values))
        }
        Ok(_) => Err("the site is known, but the case expects an unknown one".to_owned()),
        Err(error) => Err(format!("unexpected error {error:?}")),
    }
}

/// Returns the available values as a JSON object.
fn values(values: &TemplateValues<'_, '_>) -> Value {
    let mut available = serde_json::json!({
        "article_count": values.article_count(), "country": values.country().map(|code| code.to_string()), "date": values.date(),
        "weekday": values.weekday(), "days_left": values.days_left(),
    });
    available.as_object_mut().expect("the values must be an object").retain(|_, value| !value.is_null());
    available
}

/// Returns the parts of a problem that a case lists.
fn comparable(problem: &Problem) -> ExpectedProblem {
    ExpectedProblem {
        appeal: problem.appeal.clone(),
        site: problem.site.clone(),
        field_path: problem.field_path.clone(),
    }
}

fn learned_weights(learned: &CaseLearned) -> LearnedWeights {
    LearnedWeights {
        site: learned.site.clone(),
        appeal: learned.appeal.clone(),
        weights: learned.weights.iter().map(|(id, weight)| (id.clone(), *weight)).collect(),
    }
}

fn known_of(case: &Case) -> Known {
    let given = case.known.quiet_until.map(Timestamp::as_millisecond);
    let computed = case.known.gave_at.map(|at| quiet_until_ms(at.as_millisecond(), case.sites[0].quiet_days));
    let entitlements = case.known.entitlements.clone();
    Known { standing: case.known.standing, quiet_until_ms: given.or(computed), entitlements }
}

fn check_verdict(case: &Case, verdict: Verdict, explanation: &Explanation) -> Result<(), String> {
    let expect = &case.expect;
    let is_shown = matches!(verdict, Verdict::Show { .. });
    expect_equal("show", &Some(is_shown), &expect.show).map_err(|error| format!("{error} ({verdict:?})"))?;
    match verdict {
        Verdict::HeldOut { appeal, variant, .. } => {
            let rules = &case.appeals[appeal.0];
            expect_equal("reason", &Some(Reason::Holdout), &expect.reason)?;
            expect_equal("appeal", &Some(&rules.id), &expect.appeal.as_ref())?;
            expect_equal("variant", &Some(&rules.variants[variant].id), &expect.variant.as_ref())
        }
        Verdict::Show { appeal, variant, surface, kind, closable } => {
            let rules = &case.appeals[appeal.0];
            expect_equal("appeal", &Some(&rules.id), &expect.appeal.as_ref())?;
            expect_equal("variant", &Some(&rules.variants[variant].id), &expect.variant.as_ref())?;
            expect_equal("surface", &surface, &expect.surface.unwrap_or(surface))?;
            expect_equal("closable", &closable, &expect.closable.unwrap_or(closable))?;
            expect_equal("kind", &kind, &expect.kind.unwrap_or(rules.kind))?;
            let chosen =
                explanation.appeals.iter().find(|appeal| appeal.chosen).expect("one appeal must be chosen");
            expect_equal("explained appeal", &chosen.appeal, &rules.id)?;
            expect_equal("position", &chosen.position, &expect.position.unwrap_or(chosen.position))
        }
        Verdict::Silent { reason, next_eligible_at_ms } => {
            expect_equal("reason", &Some(reason), &expect.reason)?;
            let next_eligible_at = next_eligible_at_ms
                .map(|at_ms| Timestamp::from_millisecond(at_ms).expect("the time must be valid"));
            expect_equal("next_eligible_at", &next_eligible_at, &expect.next_eligible_at)
        }
    }
}

fn expect_equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, not {expected:?}")) }
}
