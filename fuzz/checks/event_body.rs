//! Checks Stripe events, one per line. Reads them as facts (what the service knows about Stripe's objects). Joins all
//! facts about the same object into one, and then folds the facts, which means that it computes one contribution.

use std::collections::BTreeSet;

use keepopen::contributions::{Entry, Fact, fold, join_all};
use keepopen::stripe::{Envelope, Report, read_event, read_fetched};

/// The maximum number of lines. More lines cost time and find nothing new.
const MAX_LINES: usize = 8;

/// Checks that each line is read or rejected without a panic. Checks that the joined facts are the same if the events
/// arrive in another order or more than once. Checks that each ledger entry has a positive amount, and a cause (its
/// natural key) that no other entry has.
pub fn event_body(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let facts: Vec<Fact> = text.lines().take(MAX_LINES).flat_map(facts_of).collect();
    if facts.is_empty() {
        return;
    }
    let joined = join_all(facts.clone());
    let reversed: Vec<Fact> = facts.iter().rev().cloned().collect();
    assert_eq!(join_all(reversed), joined, "the joined facts depend on the order of the events");
    assert_eq!(
        join_all(facts.iter().chain(&facts).cloned()),
        joined,
        "a repetition changes the joined facts"
    );
    assert_eq!(join_all(joined.clone()), joined, "a second join changes the joined facts");
    for fact in &joined {
        let stored = serde_json::to_string(fact).expect("a fact must be serialisable");
        assert_eq!(serde_json::from_str::<Fact>(&stored).ok().as_ref(), Some(fact), "{stored}");
        assert!(!fact.id().is_empty(), "the id of the fact is empty: {fact:?}");
        assert!(fact.links().iter().all(|link| !link.is_empty()), "a link is empty: {fact:?}");
    }
    let Some(folded) = fold(&joined) else { return };
    let mut reversed_facts = joined.clone();
    reversed_facts.reverse();
    assert_eq!(
        fold(&reversed_facts).as_ref(),
        Some(&folded),
        "the contribution depends on the order of the facts"
    );
    let causes: BTreeSet<String> = folded.entries.iter().map(Entry::cause).collect();
    assert_eq!(
        causes.len(),
        folded.entries.len(),
        "two ledger entries have the same cause: {:?}",
        folded.entries
    );
    for entry in &folded.entries {
        assert!(entry.money.amount_minor > 0, "the amount is not positive: {entry:?}");
        assert!(entry.occurred_at_ms >= 0, "the time is before 1970: {entry:?}");
    }
    serde_json::to_string(&folded.alarms).expect("alarms must be serialisable");
}

/// The facts in a line. A line that is not an event is read as an object that was fetched from Stripe.
fn facts_of(line: &str) -> Vec<Fact> {
    let report = match Envelope::read(line) {
        Ok(envelope) => {
            assert!(!envelope.id.is_empty() && !envelope.kind.is_empty());
            envelope.created_s().checked_mul(1000).expect("the time of an event must fit in milliseconds");
            envelope.mode();
            read_event(&envelope)
        }
        Err(_) => read_fetched(line, super::NOW_S),
    };
    match report {
        Ok(Report::Facts(facts)) => {
            assert!(!facts.is_empty());
            facts
        }
        Ok(Report::Nothing | Report::ConnectedAccount | Report::Named { .. }) | Err(_) => Vec::new(),
    }
}
