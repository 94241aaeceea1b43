//! Rate limits. A limit allows a burst of uses, and restores them evenly over the period.

use std::convert::Infallible;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as SteadyClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{NotUntil, Quota, RateLimiter};
use quick_cache::sync::Cache;

use super::MAX_KEYS;
use crate::clock::Clock;

/// How long to wait before the next use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

/// A limit on all uses together.
pub struct Limit(RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Duration>>);

/// A limit on the uses of each key. All keys have the same limit.
pub struct KeyedLimit<K: Clone + Eq + Hash>(RateLimiter<K, KeyedState<K>, Steady, NoOpMiddleware<Duration>>);

impl Limit {
    /// Allows at most `uses` uses per second.
    pub fn per_second(uses: NonZeroU32, clock: &Clock) -> Self {
        Self(RateLimiter::new(Quota::per_second(uses), InMemoryState::default(), Steady(clock.clone())))
    }

    /// Allows at most `uses` uses per minute.
    pub fn per_minute(uses: NonZeroU32, clock: &Clock) -> Self {
        Self(RateLimiter::new(Quota::per_minute(uses), InMemoryState::default(), Steady(clock.clone())))
    }

    /// Takes one use.
    ///
    /// # Errors
    /// No use is left. The error says how long to wait.
    pub fn take(&self) -> Result<(), Wait> {
        self.0.check().map_err(|until| wait_time(&until, self.0.clock()))
    }
}

impl<K: Clone + Eq + Hash> KeyedLimit<K> {
    /// Allows at most `uses` uses per second for each key.
    pub fn per_second(uses: NonZeroU32, clock: &Clock) -> Self {
        Self(RateLimiter::new(Quota::per_second(uses), KeyedState::new(), Steady(clock.clone())))
    }

    /// Allows at most `uses` uses per minute for each key.
    pub fn per_minute(uses: NonZeroU32, clock: &Clock) -> Self {
        Self(RateLimiter::new(Quota::per_minute(uses), KeyedState::new(), Steady(clock.clone())))
    }

    /// Takes one use for `key`.
    ///
    /// # Errors
    /// No use is left for `key`. The error says how long to wait.
    pub fn take(&self, key: &K) -> Result<(), Wait> {
        self.0.check_key(key).map_err(|until| wait_time(&until, self.0.clock()))
    }
}

fn wait_time(until: &NotUntil<Duration>, clock: &Steady) -> Wait {
    Wait(until.wait_time_from(clock.now()))
}

/// The state of each key.
struct KeyedState<K>(Cache<K, Arc<InMemoryState>>);

impl<K: Clone + Eq + Hash> KeyedState<K> {
    fn new() -> Self {
        Self(Cache::new(MAX_KEYS))
    }
}

impl<K: Clone + Eq + Hash> StateStore for KeyedState<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let new_state = || Ok::<_, Infallible>(Arc::default());
        let Ok(state) = self.0.get_or_insert_with(key, new_state);
        state.measure_and_replace(&NotKeyed::NonKey, f)
    }
}

/// Keepopen's clock, in the form that the library needs.
#[derive(Clone, Debug)]
struct Steady(Clock);

impl SteadyClock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::movable(jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn uses_are_restored_evenly_and_do_not_accumulate() {
        let clock = clock();
        let limit = Limit::per_second(NonZeroU32::new(10).unwrap(), &clock);
        let take_all = || (0..100).filter(|_| limit.take().is_ok()).count();
        assert_eq!(take_all(), 10);
        assert_eq!(limit.take(), Err(Wait(Duration::from_millis(100))));
        clock.advance(100);
        assert_eq!(take_all(), 1);
        clock.advance(60_000);
        assert_eq!(take_all(), 10);
    }

    #[test]
    fn each_key_has_its_own_limit_and_the_error_says_how_long_to_wait() {
        let clock = clock();
        let limit = KeyedLimit::per_minute(NonZeroU32::new(3).unwrap(), &clock);
        let take_all = |key: &u8| (0..9).filter(|_| limit.take(key).is_ok()).count();
        assert_eq!((take_all(&1), take_all(&2), take_all(&1)), (3, 3, 0));
        assert_eq!(limit.take(&1), Err(Wait(Duration::from_secs(20))));
        clock.advance(20_000);
        assert_eq!((take_all(&1), take_all(&2)), (1, 1));
    }

    #[test]
    fn the_number_of_remembered_keys_is_bounded() {
        let limit = KeyedLimit::per_minute(NonZeroU32::new(1).unwrap(), &clock());
        for key in 0..4 * MAX_KEYS {
            assert!(limit.take(&key).is_ok());
        }
        assert!(limit.0.into_state_store().0.len() <= MAX_KEYS);
    }
}
