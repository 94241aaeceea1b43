//! The learned weights of variants. A variant's weight determines its share of the readers.

use keepopen_decision::{LearnedWeights, Learner};
use serde::{Deserialize, Serialize};

/// The weights of variants, learned from the results so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWeights {
    /// The start of an hour, in milliseconds since 1970. The weights were learned from the results before it.
    pub until_ms: i64,
    /// The weights, one entry for each site and appeal with learned weights.
    pub weights: Vec<LearnedWeights>,
}

impl StoredWeights {
    /// Returns the stored weights for `learner`, which names a site, an appeal, and the appeal's current variants.
    /// `None` if no weights were learned for exactly these variants.
    pub fn of(&self, learner: &Learner) -> Option<&LearnedWeights> {
        let is_current = |it: &&LearnedWeights| {
            it.site == learner.site
                && it.appeal == learner.appeal
                && it.weights.iter().map(|(id, _)| id).eq(&learner.variants)
        };
        self.weights.iter().find(is_current)
    }
}
