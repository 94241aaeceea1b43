//! A decision asks for memory neither for rules nor for appeals; this program holds a counting allocator, and so is one
//! of its own.

#[path = "../benches/worlds.rs"]
mod worlds;

use allocation_counter::measure;
use keepopen_decision::{AppealRules, Known, Question, SiteRules, compile, decide};
use worlds::{NOON_MS, World};

/// How often one decision asks for memory.
fn allocations(world: &World) -> u64 {
    let question: Question<'_> = serde_json::from_str(&world.question).expect("the question is well written");
    let known = Known::nobody();
    let ask = || {
        decide(&world.rules, &question, &known, NOON_MS, 0).expect("the site is there");
    };
    // What the time zone's library keeps for itself is asked for once.
    ask();
    measure(ask).count_total
}

#[test]
fn a_typical_decision_asks_for_no_memory() {
    assert_eq!(allocations(&worlds::typical()), 0);
}

#[test]
fn many_appeals_that_cannot_match_ask_for_no_memory() {
    assert_eq!(allocations(&worlds::crowd(1000)), 0);
}

#[test]
fn a_heavy_decision_asks_for_none_for_its_hundreds_of_rules() {
    // Counts of articles by tag may outgrow their place on the stack once for each question.
    assert!(allocations(&worlds::heavy(false)) <= 4, "{}", allocations(&worlds::heavy(false)));
    assert!(allocations(&worlds::heavy(true)) <= 8, "{}", allocations(&worlds::heavy(true)));
}

#[test]
fn weights_by_country_ask_for_no_memory() {
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
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
