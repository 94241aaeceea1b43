//! Merges two reports of the same object.
//!
//! [`Join::join`] is commutative, associative and idempotent. So the merged fact does not depend on the order of
//! reports, or on how often they arrive. A final state is kept. If there is none, the state of the newest report is
//! kept. The rank of states only breaks ties, which occur because Stripe's `created` is in whole seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A report that can be merged with another report of the same thing.
pub trait Join: Sized {
    /// Merges the two reports.
    #[must_use]
    fn join(self, other: Self) -> Self;
}

/// Merges two reports of a value that does not change. If they differ nevertheless, the greater value is kept, so that
/// the order of the reports does not matter.
impl<T: Ord> Join for Option<T> {
    fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Returns the items of both lists, sorted and without duplicates.
pub(super) fn union<T: Ord>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
    one.extend(other);
    one.sort();
    one.dedup();
    one
}

/// Implements [`Join`] for a fact, field by field. A field in `any` is true once it was true in one report. A field in
/// `all` is a list that keeps the values of all reports.
macro_rules! join_fields {
    ($name:ident: $($field:ident),*; any: $($any:ident),*; all: $($all:ident),*) => {
        impl $crate::contributions::Join for $name {
            fn join(self, other: Self) -> Self {
                Self {
                    id: self.id,
                    $($field: self.$field.join(other.$field),)*
                    $($any: self.$any || other.$any,)*
                    $($all: $crate::contributions::join::union(self.$all, other.$all),)*
                }
            }
        }
    };
}

/// Merges two maps. Items with the same key are merged with each other.
impl<T: Join> Join for BTreeMap<String, T> {
    fn join(mut self, other: Self) -> Self {
        for (name, theirs) in other {
            let joined = match self.remove(&name) {
                Some(ours) => ours.join(theirs),
                None => theirs,
            };
            self.insert(name, joined);
        }
        self
    }
}

/// A state that can be final. Its variants are ordered by rank.
pub trait State: Ord {
    /// Whether the state is final, that is, no other state follows it.
    fn is_terminal(&self) -> bool;
}

/// The newest report of a state that can be final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest<S> {
    /// The reported state.
    pub state: S,
    /// When Stripe created the report, in seconds since 1970.
    pub reported_at_s: i64,
}

impl<S: State + Copy> Join for Latest<S> {
    fn join(self, other: Self) -> Self {
        // Between two final states, the rank decides and not the time, because several events can report the same end,
        // each with its own time.
        let key = |it: &Self| {
            let final_state = it.state.is_terminal().then_some(it.state);
            (final_state, it.reported_at_s, it.state)
        };
        if key(&other) > key(&self) { other } else { self }
    }
}

/// The newest report of a value that is never final. Fields are compared in their order, so the newer of two reports is
/// the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Newest<T> {
    /// When Stripe created the report, in seconds since 1970.
    pub reported_at_s: i64,
    /// The reported value.
    pub value: T,
}

#[cfg(test)]
mod tests {
    use super::super::SubscriptionState as State;
    use super::*;

    fn report(reported_at_s: i64, state: State) -> Latest<State> {
        Latest { state, reported_at_s }
    }

    #[test]
    fn a_final_state_is_kept_even_if_a_later_report_differs() {
        let (canceled, active) = (report(1, State::Canceled), report(9, State::Active));
        assert_eq!(canceled.join(active), canceled);
        assert_eq!(active.join(canceled), canceled);
    }

    #[test]
    fn without_a_final_state_the_newest_report_counts_and_the_rank_breaks_ties() {
        let (active, past_due) = (report(2, State::Active), report(2, State::PastDue));
        let older = report(1, State::PastDue);
        assert_eq!(older.join(active), active);
        assert_eq!(active.join(older), active);
        assert_eq!(active.join(past_due), past_due);
    }
}
