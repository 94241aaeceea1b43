//! Remembers which keys were seen recently, in bounded memory.

use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashSet;

/// Remembers the keys that were first seen most recently: at least `min_keys` of them, and never more than twice as
/// many. A key that is seen again is not remembered for longer.
pub struct Seen<K> {
    min_keys: usize,
    sets: Mutex<Sets<K>>,
}

/// When `new` has `min_keys` keys, it replaces `old`, and the keys that were in `old` are forgotten.
struct Sets<K> {
    new: FxHashSet<K>,
    old: FxHashSet<K>,
}

impl<K: Eq + Hash> Seen<K> {
    /// Creates a memory of at least the last `min_keys` new keys.
    pub fn at_least(min_keys: usize) -> Self {
        Self { min_keys, sets: Mutex::new(Sets { new: FxHashSet::default(), old: FxHashSet::default() }) }
    }

    /// Remembers `key`. Returns true if `key` was not remembered before.
    pub fn insert_if_new(&self, key: K) -> bool {
        // No code panics while it holds the lock.
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.old.contains(&key) || !sets.new.insert(key) {
            return false;
        }
        if sets.new.len() >= self.min_keys {
            sets.old = mem::take(&mut sets.new);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_new_keys_are_remembered_and_memory_is_bounded() {
        let seen = Seen::at_least(10);
        for key in 0..1000 {
            assert!(seen.insert_if_new(key));
            let all_known = (key.max(9) - 9..=key).all(|recent| !seen.insert_if_new(recent));
            assert!(all_known, "one of the last 10 keys was forgotten after key {key}");
        }
        let sets = seen.sets.lock().unwrap();
        assert!(sets.new.len() + sets.old.len() <= 20);
    }
}
