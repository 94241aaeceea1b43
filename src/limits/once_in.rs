//! Limits an action to one success per interval for each key.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::MAX_KEYS;
use crate::clock::Clock;

/// Lets an action succeed at most once per `interval` for each key. While the action runs, other callers with the same
/// key wait.
pub struct OncePerInterval<K> {
    interval: Duration,
    /// When the action last succeeded for each key, on the steady clock.
    last: Cache<K, Arc<Mutex<Option<Duration>>>>,
    clock: Clock,
}

impl<K: Clone + Eq + Hash> OncePerInterval<K> {
    /// Lets the action succeed once per `interval` for each key.
    pub fn new(interval: Duration, clock: &Clock) -> Self {
        Self { interval, last: Cache::new(MAX_KEYS), clock: clock.clone() }
    }

    /// Runs `action`, unless an action for `key` succeeded within the interval. After a failure, the next caller tries
    /// again.
    ///
    /// # Errors
    /// The errors of `action`.
    pub async fn run<E>(&self, key: &K, action: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let new_slot = || Ok::<_, Infallible>(Arc::default());
        let Ok(slot) = self.last.get_or_insert_with(key, new_slot);
        let mut last = slot.lock().await;
        if last.is_some_and(|at| self.clock.steady() < at + self.interval) {
            return Ok(());
        }
        action.await?;
        *last = Some(self.clock.steady());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn an_action_runs_once_per_interval_and_key_and_is_retried_after_a_failure() {
        let clock = Clock::movable(jiff::Timestamp::UNIX_EPOCH);
        let once = OncePerInterval::new(Duration::from_secs(5), &clock);
        let runs = Cell::new(0);
        let act = |outcome: Result<(), ()>| {
            runs.set(runs.get() + 1);
            async move {
                tokio::task::yield_now().await;
                outcome
            }
        };
        assert_eq!(once.run(&1, async { act(Err(())).await }).await, Err(()));
        let (one, two, other) = tokio::join!(
            once.run(&1, async { act(Ok(())).await }),
            once.run(&1, async { act(Ok(())).await }),
            once.run(&2, async { act(Ok(())).await }),
        );
        assert_eq!((one, two, other, runs.get()), (Ok(()), Ok(()), Ok(()), 3));
        clock.advance(4999);
        assert_eq!((once.run(&1, async { act(Ok(())).await }).await, runs.get()), (Ok(()), 3));
        clock.advance(1);
        assert_eq!((once.run(&1, async { act(Ok(())).await }).await, runs.get()), (Ok(()), 4));
    }
}
