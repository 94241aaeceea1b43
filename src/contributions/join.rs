//! How two reports of the same object are merged.
//!
//! [`Join::join`] is commutative, associative and idempotent. So the final fact does not depend on the order of reports, or
//! on how often they arrive: final states win, then the newest report. The rank of states only breaks ties, because
//! `created` has whole seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Two reports of one thing can be merged.
pub trait Join: Sized {
    /// The combined knowledge.
    #[must_use]
    fn join(self, other: Self) -> Self;
}

/// A value that does not change is known once. If two reports differ nevertheless, the greater is kept, so that their order
/// does not matter.
impl<T: Ord> Join for Option<T> {
    fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

pub(super) fn union<T: Ord>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
    one.extend(other);
    one.sort();
    one.dedup();
    one
}

/// Merges two facts of one object field by field. `any` fields are true once one was; `all` fields keep every value.
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

/// Merges named items, each with the item of the same name.
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

/// A state that can be final: its variants are ordered by rank.
pub trait State: Ord {
    /// Whether no other state follows.
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
        // Between two final states the rank decides, not the time: several events can report the same end.
        let key = |it: &Self| {
            let end = it.state.is_terminal().then_some(it.state);
            (end, it.reported_at_s, it.state)
        };
        if key(&other) > key(&self) { other } else { self }
    }
}

/// The newest report of a value that is never final. (The order of the fields is the order of comparison, so the greater of
/// two is the newer.)
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

    fn at(reported_at_s: i64, state: State) -> Latest<State> {
        Latest { state, reported_at_s }
    }

    #[test]
    fn a_final_state_stays_final_whatever_is_reported_later() {
        assert_eq!(at(1, State::Canceled).join(at(9, State::Active)), at(1, State::Canceled));
        assert_eq!(at(9, State::Active).join(at(1, State::Canceled)), at(1, State::Canceled));
    }

    #[test]
    fn before_a_final_state_the_newest_report_counts_and_the_rank_only_breaks_ties() {
        assert_eq!(at(1, State::PastDue).join(at(2, State::Active)), at(2, State::Active));
        assert_eq!(at(2, State::Active).join(at(1, State::PastDue)), at(2, State::Active));
        assert_eq!(at(2, State::Active).join(at(2, State::PastDue)), at(2, State::PastDue));
    }
}
