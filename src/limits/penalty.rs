//! Pauses keys, such as client addresses, that exceed a limit.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::{KeyedLimit, MAX_KEYS};
use crate::clock::Clock;

/// How long a pause lasts.
const PAUSE: Duration = Duration::from_secs(60);

/// Counts charges against keys, and pauses a key for a minute once it exceeds its limit. A charge is anything that
/// counts against a key, such as an invalid token from a client address.
pub struct Penalty<K: Clone + Eq + Hash> {
    limit: KeyedLimit<K>,
    /// When the pause of each key ends, on the steady clock.
    pause_ends: Cache<K, Duration>,
    clock: Clock,
}

impl<K: Clone + Eq + Hash> Penalty<K> {
    /// Starts a pause after more than `charges` charges per minute.
    pub fn new(charges: NonZeroU32, clock: &Clock) -> Self {
        let limit = KeyedLimit::per_minute(charges, clock);
        Self { limit, pause_ends: Cache::new(MAX_KEYS), clock: clock.clone() }
    }

    /// Counts one charge against `key`. If the limit is exceeded, starts its pause.
    pub fn charge(&self, key: &K) {
        if self.limit.take(key).is_err() {
            self.pause_ends.insert(key.clone(), self.clock.steady() + PAUSE);
        }
    }

    /// Whether `key` is paused now.
    pub fn is_paused(&self, key: &K) -> bool {
        self.pause_ends.get(key).is_some_and(|end| self.clock.steady() < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_charged_too_often_is_paused_for_a_minute() {
        let clock = Clock::movable(jiff::Timestamp::UNIX_EPOCH);
        let penalty = Penalty::new(NonZeroU32::new(2).unwrap(), &clock);
        for is_paused in [false, false, true] {
            penalty.charge(&1);
            assert_eq!((penalty.is_paused(&1), penalty.is_paused(&2)), (is_paused, false));
        }
        clock.advance(59_999);
        assert!(penalty.is_paused(&1));
        clock.advance(1);
        assert!(!penalty.is_paused(&1));
    }
}
