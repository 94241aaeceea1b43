//! The state of the account's balance. The entries of the balance (Stripe calls them balance transactions) are stored
//! with the other objects.

use std::collections::{BTreeSet, HashMap};

use crate::Settlement;

/// Entries in the order in which their money becomes available. Each item has the time at which this happens, in
/// seconds since 1970, and the entry's id.
type EntriesByTime = BTreeSet<(i64, String)>;

/// The settlement settings, and the entries and payouts that are not finished yet.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    /// The settlement currency. With `None`, each payment is settled in its own currency.
    pub(crate) settlement: Option<Settlement>,
    /// Whether charges get their entry only when `post_fees` is called.
    pub(crate) books_late: bool,
    /// Whether the contents of payouts are listed only after `reconcile_payouts` is called.
    pub(crate) reconciles_late: bool,
    /// The payouts that wait for `reconcile_payouts`.
    pub(crate) unreconciled: Vec<String>,
    /// The charges that wait for their entry.
    pub(crate) unbooked: Vec<String>,
    /// The entries that are still pending.
    pending: EntriesByTime,
    /// The entries that are not in a payout yet.
    unpaid: EntriesByTime,
    /// The ids of the entries that are in a payout, each with the id of the payout.
    paid_out: HashMap<String, String>,
}

impl Balance {
    /// Adds an entry. The entry is pending until its money is available, and then waits for a payout.
    pub(crate) fn add(&mut self, entry: &str, available_on: i64, now: i64) {
        if available_on > now {
            self.pending.insert((available_on, entry.to_owned()));
        }
        self.unpaid.insert((available_on, entry.to_owned()));
    }

    /// Whether a pending entry is due, which means that its money is now available.
    pub(crate) fn has_due(&self, now: i64) -> bool {
        self.pending.first().is_some_and(|(day, _)| *day <= now)
    }

    /// Returns the due entries and removes them from the pending ones.
    pub(crate) fn take_due(&mut self, now: i64) -> Vec<String> {
        let later = self.pending.split_off(&(now + 1, String::new()));
        let due = std::mem::replace(&mut self.pending, later);
        due.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The available entries that are not in a payout.
    pub(crate) fn unpaid(&self, now: i64) -> Vec<String> {
        let due = self.unpaid.iter().take_while(|(day, _)| *day <= now);
        due.map(|(_, entry)| entry.clone()).collect()
    }

    /// The number of entries that are not in a payout.
    pub(crate) fn count_unpaid(&self) -> usize {
        self.unpaid.len()
    }

    /// Makes every entry that is not in a payout available now. Returns the entries that were not available before.
    pub(crate) fn bring_forward(&mut self, now: i64) -> Vec<String> {
        let later = self.unpaid.split_off(&(now + 1, String::new()));
        let moved: Vec<String> = later.into_iter().map(|(_, entry)| entry).collect();
        self.unpaid.extend(moved.iter().map(|entry| (now, entry.clone())));
        self.pending.retain(|(_, entry)| !moved.contains(entry));
        moved
    }

    /// Puts these entries into a payout.
    pub(crate) fn add_to_payout(&mut self, payout: &str, entries: &[String]) {
        self.paid_out.extend(entries.iter().map(|entry| (entry.clone(), payout.to_owned())));
        let paid_out = &self.paid_out;
        self.unpaid.retain(|(_, entry)| !paid_out.contains_key(entry));
    }

    /// The payout that contains an entry.
    pub(crate) fn payout_of(&self, entry: &str) -> Option<&str> {
        self.paid_out.get(entry).map(String::as_str)
    }
}
