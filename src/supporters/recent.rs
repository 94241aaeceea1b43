//! Recently changed standings, in memory. A token states a supporter's standing, and the banner must not rely on a
//! token that is older than the last change of that standing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::StandingNow;
use crate::clock::DAY_MS;
use crate::ids::SupporterId;

/// How long a change matters. A token is valid for at most a day, and the clocks of two instances may differ.
const KEEP_MS: i64 = DAY_MS + SKEW_MS;
/// How far the clocks of two instances may differ.
const SKEW_MS: i64 = 60_000;
/// How many changed standings are kept. They need about 4 MB.
pub const MAX_RECENT_STANDINGS: usize = 20_000;

/// A standing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingChange {
    /// The supporter.
    pub supporter: SupporterId,
    /// The site.
    pub site: String,
    /// When the standing changed, in milliseconds since 1970.
    pub changed_at_ms: i64,
    /// The new standing.
    pub now: StandingNow,
}

/// What is known about a standing in addition to a token that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFreshness {
    /// Nothing newer than the token is known, so the token's standing counts.
    Token,
    /// The standing changed after the token was issued.
    Changed(StandingNow),
    /// The standing may have changed after the token was issued, but the changes of that time are no longer known.
    Forgotten,
}

/// The standings that changed within the lifetime of a token. At most [`MAX_RECENT_STANDINGS`] are kept. If there are
/// more, the oldest are dropped. The standing in a token that is older than the newest dropped change is then unknown.
pub struct RecentStandings {
    capacity: usize,
    /// Whether there is anything to look up. Usually there is nothing, and then a look-up takes no lock.
    is_active: AtomicBool,
    changes: RwLock<Changes>,
}

#[derive(Default)]
struct Changes {
    by_supporter: HashMap<SupporterId, Vec<SiteStanding>>,
    count: usize,
    /// The time until which changes are unknown, in milliseconds since 1970: usually that of the newest dropped change.
    forgotten_until_ms: Option<i64>,
    /// Whether anything here changed since [`RecentStandings::take_has_changed`] was last called.
    has_changed: bool,
}

#[derive(PartialEq)]
struct SiteStanding {
    site: Box<str>,
    changed_at_ms: i64,
    now: StandingNow,
}

impl Default for RecentStandings {
    fn default() -> Self {
        Self::with_capacity(MAX_RECENT_STANDINGS)
    }
}

impl RecentStandings {
    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, is_active: AtomicBool::new(false), changes: RwLock::default() }
    }

    /// What is known about this standing in addition to a token issued at `issued_at_s` (seconds since 1970).
    pub fn newest(&self, supporter: &SupporterId, site: &str, issued_at_s: i64) -> TokenFreshness {
        if !self.is_active.load(Ordering::Acquire) {
            return TokenFreshness::Token;
        }
        // Clocks may differ by `SKEW_MS`. So a token certainly reflects a change only if the change happened more than
        // `SKEW_MS` before the token was issued.
        let reflected_until_ms = issued_at_s.saturating_mul(1000).saturating_sub(SKEW_MS);
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let found = changes
            .by_supporter
            .get(supporter)
            .and_then(|sites| sites.iter().find(|it| &*it.site == site))
            .filter(|it| it.changed_at_ms >= reflected_until_ms);
        match found {
            Some(change) => TokenFreshness::Changed(change.now),
            None if changes.forgotten_until_ms.is_some_and(|at_ms| at_ms >= reflected_until_ms) => {
                TokenFreshness::Forgotten
            }
            None => TokenFreshness::Token,
        }
    }

    /// Adds changes. A change is ignored if a newer one of the same supporter and site is known.
    pub fn add(&self, changed: impl IntoIterator<Item = StandingChange>) {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        for change in changed {
            changes.put(change);
        }
        if changes.count > self.capacity {
            changes.forget_oldest(self.capacity);
        }
        self.is_active.store(changes.is_active(), Ordering::Release);
    }

    /// Records that changes until `until_ms` (milliseconds since 1970) are unknown.
    pub fn forget_until(&self, until_ms: i64) {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.forget_until(until_ms);
        self.is_active.store(true, Ordering::Release);
    }

    /// Removes the changes that are older than any token that is valid at `now_ms` (milliseconds since 1970).
    pub fn expire(&self, now_ms: i64) {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.retain(|it| it.changed_at_ms + KEEP_MS > now_ms);
        if changes.forgotten_until_ms.is_some_and(|at_ms| at_ms + KEEP_MS <= now_ms) {
            changes.forgotten_until_ms = None;
            changes.has_changed = true;
        }
        self.is_active.store(changes.is_active(), Ordering::Release);
    }

    /// The time since which a change can contradict a token that is valid at `now_ms`. Both are in milliseconds since
    /// 1970.
    pub fn relevant_since_ms(now_ms: i64) -> i64 {
        now_ms - KEEP_MS
    }

    /// Whether [`Self::all`] or [`Self::forgotten_until_ms`] changed since the last call.
    pub fn take_has_changed(&self) -> bool {
        if !self.changes.read().unwrap_or_else(PoisonError::into_inner).has_changed {
            // Usually nothing changed. Then the write lock is not taken, so look-ups don't wait.
            return false;
        }
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut changes.has_changed)
    }

    /// The time until which changes are unknown, in milliseconds since 1970. `None` if all changes are known.
    pub fn forgotten_until_ms(&self) -> Option<i64> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner).forgotten_until_ms
    }

    /// Every kept change, sorted by supporter and site.
    pub fn all(&self) -> Vec<StandingChange> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<StandingChange> = changes
            .by_supporter
            .iter()
            .flat_map(|(supporter, sites)| sites.iter().map(move |it| (supporter, it)))
            .map(|(supporter, it)| StandingChange {
                supporter: supporter.clone(),
                site: it.site.to_string(),
                changed_at_ms: it.changed_at_ms,
                now: it.now,
            })
            .collect();
        all.sort_by(|a, b| (&a.supporter, &a.site).cmp(&(&b.supporter, &b.site)));
        all
    }

    /// The number of kept changes.
    pub fn len(&self) -> usize {
        self.changes.read().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Whether no change is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Changes {
    fn is_active(&self) -> bool {
        self.count > 0 || self.forgotten_until_ms.is_some()
    }

    fn put(&mut self, change: StandingChange) {
        let sites = self.by_supporter.entry(change.supporter).or_default();
        let new =
            SiteStanding { site: change.site.into(), changed_at_ms: change.changed_at_ms, now: change.now };
        match sites.iter_mut().find(|known| known.site == new.site) {
            Some(known) if known.changed_at_ms > new.changed_at_ms || *known == new => {}
            Some(known) => {
                *known = new;
                self.has_changed = true;
            }
            None => {
                sites.push(new);
                self.count += 1;
                self.has_changed = true;
            }
        }
    }

    fn retain(&mut self, is_kept: impl Fn(&SiteStanding) -> bool) {
        self.by_supporter.retain(|_, sites| {
            sites.retain(&is_kept);
            !sites.is_empty()
        });
        let count = self.by_supporter.values().map(Vec::len).sum();
        self.has_changed |= count != self.count;
        self.count = count;
    }

    /// Drops the oldest changes. Drops a tenth of the capacity more than necessary, so that not every new change causes
    /// another drop.
    fn forget_oldest(&mut self, capacity: usize) {
        let mut times: Vec<i64> = self.by_supporter.values().flatten().map(|it| it.changed_at_ms).collect();
        let surplus = (times.len() - capacity + capacity / 10).clamp(1, times.len());
        let (_, newest, _) = times.select_nth_unstable(surplus - 1);
        let until_ms = *newest;
        self.retain(|it| it.changed_at_ms > until_ms);
        self.forget_until(until_ms);
    }

    fn forget_until(&mut self, until_ms: i64) {
        if self.forgotten_until_ms < Some(until_ms) {
            self.forgotten_until_ms = Some(until_ms);
            self.has_changed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use keepopen_decision::Standing;

    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn change(supporter: u8, site: &str, changed_at_ms: i64, standing: Standing) -> StandingChange {
        StandingChange {
            supporter: SupporterId::from_bytes([supporter; 16]),
            site: site.to_owned(),
            changed_at_ms,
            now: StandingNow { standing, quiet_until_ms: None, next: None },
        }
    }

    fn newest(standings: &RecentStandings, supporter: u8, site: &str, issued_at_ms: i64) -> TokenFreshness {
        standings.newest(&SupporterId::from_bytes([supporter; 16]), site, issued_at_ms / 1000)
    }

    fn changed(standing: Standing) -> TokenFreshness {
        TokenFreshness::Changed(StandingNow { standing, quiet_until_ms: None, next: None })
    }

    #[test]
    fn a_change_only_affects_older_tokens_of_its_supporter_and_site() {
        let standings = RecentStandings::default();
        assert_eq!(newest(&standings, 1, "journal", NOW_MS), TokenFreshness::Token);
        standings.add([change(1, "journal", NOW_MS, Standing::PastDue)]);
        assert_eq!(newest(&standings, 1, "journal", NOW_MS - 3_600_000), changed(Standing::PastDue));
        assert_eq!(newest(&standings, 1, "journal", NOW_MS + SKEW_MS), changed(Standing::PastDue));
        assert_eq!(newest(&standings, 1, "journal", NOW_MS + SKEW_MS + 1000), TokenFreshness::Token);
        assert_eq!(newest(&standings, 1, "gazette", NOW_MS - 1000), TokenFreshness::Token);
        assert_eq!(newest(&standings, 2, "journal", NOW_MS - 1000), TokenFreshness::Token);
    }

    #[test]
    fn the_newest_change_counts_in_any_order_of_arrival() {
        for order in [[0, 1], [1, 0]] {
            let standings = RecentStandings::default();
            let changes = [
                change(1, "journal", NOW_MS, Standing::PastDue),
                change(1, "journal", NOW_MS + 5, Standing::Lapsed),
            ];
            standings.add(order.map(|index: usize| changes[index].clone()));
            assert_eq!(newest(&standings, 1, "journal", NOW_MS - 1000), changed(Standing::Lapsed));
            assert_eq!(standings.len(), 1);
        }
    }

    #[test]
    fn a_change_older_than_any_valid_token_is_removed() {
        let standings = RecentStandings::default();
        standings.add([change(1, "journal", NOW_MS, Standing::PastDue)]);
        standings.forget_until(NOW_MS - 10);
        standings.expire(NOW_MS + KEEP_MS - 1);
        assert_eq!(standings.len(), 1);
        standings.expire(NOW_MS + KEEP_MS);
        assert!(standings.is_empty());
        assert_eq!(newest(&standings, 1, "journal", NOW_MS - 1000), TokenFreshness::Token);
        assert!(
            !standings.is_active.load(Ordering::Relaxed),
            "a look-up must not take the lock if there is nothing to look up"
        );
    }

    #[test]
    fn a_change_is_reported_once() {
        let standings = RecentStandings::default();
        let same_change = || change(1, "journal", NOW_MS, Standing::PastDue);
        assert!(!standings.take_has_changed());
        standings.add([same_change()]);
        assert_eq!([standings.take_has_changed(), standings.take_has_changed()], [true, false]);
        standings.add([same_change()]);
        standings.expire(NOW_MS);
        assert!(!standings.take_has_changed(), "a known change must not be reported again");
        standings.add([change(1, "journal", NOW_MS, Standing::Lapsed)]);
        assert!(standings.take_has_changed());
        standings.forget_until(NOW_MS + 5);
        assert!(standings.take_has_changed());
        standings.expire(NOW_MS + KEEP_MS);
        assert!(standings.take_has_changed() && standings.is_empty());
        standings.expire(NOW_MS + KEEP_MS + 5);
        assert!(standings.take_has_changed() && standings.forgotten_until_ms().is_none());
    }

    #[test]
    fn beyond_the_capacity_the_standing_in_an_old_token_is_unknown() {
        let standings = RecentStandings::with_capacity(20);
        standings
            .add((0..20).map(|id| change(id, "journal", NOW_MS + i64::from(id) * 120_000, Standing::Lapsed)));
        assert_eq!(newest(&standings, 200, "journal", NOW_MS), TokenFreshness::Token);
        standings.add([change(100, "journal", NOW_MS + 30 * 120_000, Standing::Lapsed)]);
        assert_eq!(standings.len(), 18);
        // The three oldest changes were dropped. The newest of these three is from `until_ms`.
        let until_ms = NOW_MS + 2 * 120_000;
        assert_eq!(newest(&standings, 0, "journal", NOW_MS), TokenFreshness::Forgotten);
        assert_eq!(newest(&standings, 200, "journal", until_ms), TokenFreshness::Forgotten);
        assert_eq!(newest(&standings, 200, "journal", until_ms + SKEW_MS + 1000), TokenFreshness::Token);
        assert_eq!(newest(&standings, 3, "journal", NOW_MS), changed(Standing::Lapsed));
        assert_eq!(newest(&standings, 100, "journal", NOW_MS), changed(Standing::Lapsed));
    }
}
