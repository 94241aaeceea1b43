//! Recently used valid API keys. With them, Keepopen answers the banner requests of a site's back end without the
//! database.

use quick_cache::sync::Cache;

/// The maximum number of cached keys.
const CACHE_SIZE: usize = 1000;
/// How long a key counts as valid before it is looked up again, in milliseconds. A revoked key can still work for that
/// long, and for [`STALE_MS`] while the database is unavailable.
const FRESH_MS: i64 = 2_000;
/// How long a key counts as valid while the database is unavailable, in milliseconds.
const STALE_MS: i64 = 3_600_000;

/// The hashes of API keys that have permission to state a reader's standing (whether and how the reader supports the
/// site). Each hash has the time of its last look-up.
pub struct RecentKeys(Cache<String, i64>);

impl Default for RecentKeys {
    fn default() -> Self {
        Self(Cache::new(CACHE_SIZE))
    }
}

impl RecentKeys {
    /// Whether the key with this hash needs no look-up at `now_ms` (milliseconds since 1970).
    pub fn is_fresh(&self, hash: &str, now_ms: i64) -> bool {
        self.is_younger(hash, FRESH_MS, now_ms)
    }

    /// Whether the key with this hash still counts as valid at `now_ms` while the database is unavailable.
    pub fn is_usable(&self, hash: &str, now_ms: i64) -> bool {
        self.is_younger(hash, STALE_MS, now_ms)
    }

    /// Records that a key was found to be valid at `now_ms`.
    pub fn record(&self, hash: String, now_ms: i64) {
        self.0.insert(hash, now_ms);
    }

    /// Removes a key that is not valid.
    pub fn forget(&self, hash: &str) {
        self.0.remove(hash);
    }

    /// Whether the last look-up of the key was less than `max_age_ms` before `now_ms`.
    fn is_younger(&self, hash: &str, max_age_ms: i64, now_ms: i64) -> bool {
        self.0.get(hash).is_some_and(|at_ms| now_ms - at_ms < max_age_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_fresh_for_two_seconds_and_usable_for_an_hour_without_the_database() {
        let keys = RecentKeys::default();
        assert!(!keys.is_usable("one", 0));
        keys.record("one".to_owned(), 0);
        assert_eq!([1_999, 2_000].map(|now_ms| keys.is_fresh("one", now_ms)), [true, false]);
        assert_eq!([3_599_999, 3_600_000].map(|now_ms| keys.is_usable("one", now_ms)), [true, false]);
        assert!(!keys.is_fresh("other", 0));
        keys.forget("one");
        assert!(!keys.is_usable("one", 0));
    }
}
