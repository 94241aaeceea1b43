//! Epochs. A supporter's epoch is the number of payments that were fully reversed. A raised epoch invalidates the
//! supporter's earlier tokens (`docs/decisions/0009-token-epochs.md`).

use std::collections::HashMap;

use arc_swap::ArcSwap;

use super::Claims;
use crate::ids::SupporterId;

/// The epochs that were raised within the lifetime of a token, by supporter.
#[derive(Default)]
pub struct Epochs(ArcSwap<HashMap<SupporterId, i64>>);

impl Epochs {
    /// Records that a supporter's epoch was raised to `epoch`. A lower epoch than the recorded one is ignored.
    pub fn raise(&self, supporter: &SupporterId, epoch: i64) {
        if self.0.load().get(supporter).is_some_and(|known| *known >= epoch) {
            return;
        }
        self.0.rcu(|known| {
            let mut raised = HashMap::clone(known);
            let entry = raised.entry(supporter.clone()).or_insert(epoch);
            *entry = epoch.max(*entry);
            raised
        });
    }

    /// Whether a token with these claims is invalid, because the supporter's epoch was raised after the token was
    /// issued.
    pub(super) fn is_superseded(&self, claims: &Claims) -> bool {
        let raised = self.0.load();
        !raised.is_empty() && raised.get(&claims.sub).is_some_and(|epoch| claims.epoch < *epoch)
    }
}
