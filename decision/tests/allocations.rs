//! Checks that a decision allocates no memory for rules or appeals. This is a separate test program because it replaces
//! the allocator with one that counts. A world is a set of compiled rules and a question for them.

#[path = "../benches/worlds.rs"]
mod worlds;

use allocation_counter::measure;
use keepopen_decision::{AppealRules, Known, Question, SiteRules, compile, decide};
use worlds::{NOON_MS, World};

/// Makes one decision, and returns the number of its allocations.
fn count_allocations(world: &World) -> u64 {
    let question: Question<'_> = serde_json::from_str(&world.question).expect("the question must be valid");
    let known = Known::without_token();
    let decide_once = || {
        decide(&world.rules, &question, &known, NOON_MS, 0).expect("the site must exist");
    };
    // The time zone library fills its cache on first use.
    decide_once();
    measure(decide_once).count_total
}

#[test]
fn a_typical_decision_does_not_allocate() {
    assert_eq!(count_allocations(&worlds::typical()), 0);
}

#[test]
fn many_appeals_that_cannot_match_do_not_allocate() {
    assert_eq!(count_allocations(&worlds::crowd(1000)), 0);
}

#[test]
fn a_heavy_decision_does_not_allocate_for_its_hundreds_of_rules() {
    // A decision may count so many articles by tag that the counts don't fit on the stack. They then need a few
    // allocations, however many rules there are.
    let one_shows = count_allocations(&worlds::heavy(false));
    let none_shows = count_allocations(&worlds::heavy(true));
    assert!(one_shows <= 4, "expected at most 4 allocations, found {one_shows}");
    assert!(none_shows <= 8, "expected at most 8 allocations, found {none_shows}");
}

#[test]
fn weights_by_country_do_not_allocate() {
    let appeal = serde_json::json!({
        "id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
        "variants": [{"id": "a", "weights_by_country": {"IE": 0, "NZ": 2}}, {"id": "b"}]
    });
    let appeal: AppealRules = serde_json::from_value(appeal).expect("the appeal must be valid");
    let (rules, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
    assert_eq!(problems, []);
    assert_eq!(count_allocations(&World { rules, question: worlds::typical().question }), 0);
}

#[test]
fn the_allocator_counts_allocations() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
