//! A decision allocates no memory for rules or appeals. This is a separate test program because it replaces the allocator
//! with a counting one.

#[path = "../benches/worlds.rs"]
mod worlds;

use allocation_counter::measure;
use keepopen_decision::{AppealRules, Known, Question, SiteRules, compile, decide};
use worlds::{NOON_MS, World};

/// The number of allocations of one decision.
fn allocations(world: &World) -> u64 {
    let question: Question<'_> = serde_json::from_str(&world.question).expect("the question is well written");
    let known = Known::nobody();
    let ask = || {
        decide(&world.rules, &question, &known, NOON_MS, 0).expect("the site is there");
    };
    // The time zone library fills its cache on first use.
    ask();
    measure(ask).count_total
}

#[test]
fn a_typical_decision_does_not_allocate() {
    assert_eq!(allocations(&worlds::typical()), 0);
}

#[test]
fn many_appeals_that_cannot_match_do_not_allocate() {
    assert_eq!(allocations(&worlds::crowd(1000)), 0);
}

#[test]
fn a_heavy_decision_does_not_allocate_for_its_hundreds_of_rules() {
    // Counts of articles by tag may outgrow their space on the stack, once per question.
    assert!(allocations(&worlds::heavy(false)) <= 4, "{}", allocations(&worlds::heavy(false)));
    assert!(allocations(&worlds::heavy(true)) <= 8, "{}", allocations(&worlds::heavy(true)));
}

#[test]
fn weights_by_country_do_not_allocate() {
    let appeal = serde_json::json!({
        "id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
        "variants": [{"id": "a", "weights_by_country": {"IE": 0, "NZ": 2}}, {"id": "b"}]
    });
    let appeal: AppealRules = serde_json::from_value(appeal).expect("well written");
    let (rules, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
    assert_eq!(problems, []);
    assert_eq!(allocations(&World { rules, question: worlds::typical().question }), 0);
}

#[test]
fn the_allocator_counts_allocations() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
