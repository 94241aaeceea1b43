//! Holds what this process knows about Stripe's deliveries: their signing secrets, and the results of the last ones.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::signature::{self, BadSignature};
use crate::config::Secret;

/// The number of recent deliveries for which the result of the signature check is remembered.
const WINDOW: u32 = 10;

/// The signing secrets, and the results of the last deliveries. Each instance has its own.
pub struct Deliveries {
    secrets: ArcSwap<Secrets>,
    /// When the last valid delivery arrived, in milliseconds since 1970; 0 if there was none.
    last_at_ms: AtomicI64,
    /// One bit for each recent delivery, set if its signature was bad. The newest delivery has the lowest bit.
    bad_signatures: AtomicU32,
    /// The smallest difference between our clock and Stripe's that was measured since a difference was last stored.
    difference_ms: Mutex<Option<i64>>,
    /// The stored time of the last valid delivery, in milliseconds since 1970; 0 if none is stored.
    saved_at_ms: AtomicI64,
}

/// Data about the contact with Stripe that is not stored yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactUpdate {
    /// When the last valid delivery arrived, in milliseconds since 1970.
    pub delivered_at_ms: Option<i64>,
    /// The smallest difference between our clock and Stripe's in any delivery. The difference is above 0 if our clock
    /// is ahead, or if the delivery was slow.
    pub clock_difference_ms: Option<i64>,
}

/// Every accepted signing secret: first those in the settings, then those of our endpoints.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    all: Vec<Secret>,
    /// The number of secrets in the settings.
    settings_count: usize,
    endpoints: Vec<EndpointSecret>,
}

/// Records whether the secret of one of our endpoints has been used.
#[derive(Clone, Debug)]
pub struct EndpointSecret {
    /// The endpoint's id.
    pub id: String,
    /// When a delivery's signature last matched this secret, in milliseconds since 1970; 0 if none did since the
    /// start.
    last_at_ms: Arc<AtomicI64>,
}

impl Deliveries {
    /// Creates the state with no delivery yet, and with the secrets in the settings.
    pub fn new(from_settings: &[Secret]) -> Self {
        let settings_count = from_settings.len();
        let secrets = Secrets { all: from_settings.to_vec(), settings_count, endpoints: Vec::new() };
        Self {
            secrets: ArcSwap::from_pointee(secrets),
            last_at_ms: AtomicI64::new(0),
            bad_signatures: AtomicU32::new(0),
            difference_ms: Mutex::default(),
            saved_at_ms: AtomicI64::new(0),
        }
    }

    /// Returns the active secrets.
    pub fn secrets(&self) -> Arc<Secrets> {
        self.secrets.load_full()
    }

    /// Replaces the secrets of our endpoints.
    pub fn set_endpoints(&self, endpoints: Vec<(String, Secret)>) {
        let before = self.secrets();
        let known_last_at_ms = |id: &str| {
            let known = before.endpoints.iter().find(|endpoint| endpoint.id == id);
            known.map(|endpoint| Arc::clone(&endpoint.last_at_ms))
        };
        let mut secrets = Secrets {
            all: before.all[..before.settings_count].to_vec(),
            settings_count: before.settings_count,
            endpoints: Vec::new(),
        };
        for (id, secret) in endpoints {
            let last_at_ms = known_last_at_ms(&id).unwrap_or_default();
            secrets.endpoints.push(EndpointSecret { id, last_at_ms });
            secrets.all.push(secret);
        }
        self.secrets.store(Arc::new(secrets));
    }

    /// Records the result of a signature check. A matching signature, even a stale one, also shows the time on
    /// Stripe's clock, because Stripe signs each delivery attempt again.
    pub fn record(&self, header: Option<&str>, outcome: Result<(), &BadSignature>, now_ms: i64) {
        let shift = |bits: u32| Some(bits << 1 | u32::from(outcome.is_err()));
        // The update can't fail, because the closure always returns a value.
        let _ = self.bad_signatures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, shift);
        if outcome.is_ok() {
            self.last_at_ms.fetch_max(now_ms, Ordering::Relaxed);
        }
        let is_match = matches!(outcome, Ok(()) | Err(BadSignature::Stale));
        if let Some(at_s) = header.filter(|_| is_match).and_then(signature::signed_at_s) {
            let difference_ms = now_ms.saturating_sub(at_s.saturating_mul(1000));
            let mut smallest = self.difference_ms.lock().unwrap_or_else(PoisonError::into_inner);
            *smallest = Some(match *smallest {
                Some(known) if known.saturating_abs() <= difference_ms.saturating_abs() => known,
                _ => difference_ms,
            });
        }
    }

    /// Whether at least half of the last ten deliveries had a bad signature.
    pub fn are_mostly_bad(&self) -> bool {
        let last = self.bad_signatures.load(Ordering::Relaxed) & ((1 << WINDOW) - 1);
        last.count_ones() >= WINDOW / 2
    }

    /// Returns what changed since [`Self::mark_saved`], or `None` if nothing did. If there are several clock
    /// differences, the smallest is returned, because it is the least distorted: deliveries can arrive late, but never
    /// early.
    pub fn unsaved(&self) -> Option<ContactUpdate> {
        let last_at_ms = self.last_at_ms.load(Ordering::Relaxed);
        let clock_difference_ms = *self.difference_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let delivered_at_ms = Some(last_at_ms).filter(|at_ms| *at_ms > 0);
        let is_new = clock_difference_ms.is_some() || last_at_ms > self.saved_at_ms.load(Ordering::Relaxed);
        is_new.then_some(ContactUpdate { delivered_at_ms, clock_difference_ms })
    }

    /// Marks the update as stored.
    pub fn mark_saved(&self, unsaved: ContactUpdate) {
        self.saved_at_ms.fetch_max(unsaved.delivered_at_ms.unwrap_or(0), Ordering::Relaxed);
        let mut difference_ms = self.difference_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if *difference_ms == unsaved.clock_difference_ms {
            *difference_ms = None;
        }
    }
}

impl Secrets {
    /// Returns all secrets, for checking a signature.
    pub fn all(&self) -> &[Secret] {
        &self.all
    }

    /// Records that a delivery's signature matched the secret at this index of [`Self::all`].
    pub fn record_match(&self, index: usize, now_ms: i64) {
        let endpoint_index = index.checked_sub(self.settings_count);
        if let Some(endpoint) = endpoint_index.and_then(|index| self.endpoints.get(index)) {
            endpoint.last_at_ms.fetch_max(now_ms, Ordering::Relaxed);
        }
    }

    /// Returns our endpoints, whose secrets are part of [`Self::all`].
    pub fn endpoints(&self) -> &[EndpointSecret] {
        &self.endpoints
    }
}

impl EndpointSecret {
    /// Returns when a delivery's signature last matched the endpoint's secret. `None` if none did since the start.
    pub fn last_at_ms(&self) -> Option<i64> {
        Some(self.last_at_ms.load(Ordering::Relaxed)).filter(|at_ms| *at_ms > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn deliveries() -> Deliveries {
        Deliveries::new(&[Secret::from("whsec_settings")])
    }

    #[test]
    fn endpoint_secrets_are_added_to_those_of_the_settings_and_removed_again() {
        let deliveries = deliveries();
        let all = |deliveries: &Deliveries| -> Vec<String> {
            deliveries.secrets().all().iter().map(|secret| secret.expose().to_owned()).collect()
        };
        let endpoint = |id: &str| (id.to_owned(), Secret::from(format!("whsec_{id}").as_str()));
        deliveries.set_endpoints(vec![endpoint("we_1"), endpoint("we_2")]);
        assert_eq!(all(&deliveries), ["whsec_settings", "whsec_we_1", "whsec_we_2"]);
        deliveries.secrets().record_match(0, NOW_MS);
        deliveries.secrets().record_match(2, NOW_MS);
        deliveries.set_endpoints(vec![endpoint("we_2")]);
        assert_eq!(all(&deliveries), ["whsec_settings", "whsec_we_2"]);
        assert_eq!(
            deliveries.secrets().endpoints()[0].last_at_ms(),
            Some(NOW_MS),
            "the time of an endpoint's last delivery must be kept"
        );
    }

    #[test]
    fn the_smallest_clock_difference_is_reported_once() {
        let deliveries = deliveries();
        for (at_s, outcome) in [
            (1_700_000_400, Err(&BadSignature::Stale)),
            (1_699_999_910, Ok(())),
            (1_700_000_000, Err(&BadSignature::Wrong)),
        ] {
            let header = format!("t={at_s},v1={}", "0".repeat(64));
            deliveries.record(Some(&header), outcome, NOW_MS);
        }
        let unsaved = deliveries.unsaved().unwrap();
        assert_eq!((unsaved.delivered_at_ms, unsaved.clock_difference_ms), (Some(NOW_MS), Some(90_000)));
        deliveries.mark_saved(unsaved);
        assert_eq!(deliveries.unsaved(), None);
    }

    #[test]
    fn five_bad_signatures_of_the_last_ten_are_too_many() {
        let deliveries = deliveries();
        let mut record = |is_bad: bool| {
            deliveries.record(None, if is_bad { Err(&BadSignature::Wrong) } else { Ok(()) }, NOW_MS);
            deliveries.are_mostly_bad()
        };
        assert_eq!([true, false, true, true, true].map(&mut record), [false; 5]);
        assert!(record(true));
        assert_eq!([false; 6].map(&mut record), [true, true, true, true, false, false]);
    }
}
