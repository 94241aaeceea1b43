//! Raised epochs: they invalidate a supporter's earlier tokens.

use std::collections::HashMap;

use arc_swap::ArcSwap;

use super::Claims;
use crate::ids::SupporterId;

/// Epochs that were raised within the lifetime of a token, by supporter.
#[derive(Default)]
pub struct Epochs(ArcSwap<HashMap<SupporterId, i64>>);

impl Epochs {
    /// Adds a raised epoch.
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

    /// Whether a token was invalidated since it was issued.
    pub(super) fn supersede(&self, claims: &Claims) -> bool {
        let raised = self.0.load();
        !raised.is_empty() && raised.get(&claims.sub).is_some_and(|epoch| claims.epoch < *epoch)
    }
}
