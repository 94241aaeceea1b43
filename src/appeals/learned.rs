//! What was learned of variants.

use keepopen_decision::{LearnedWeights, Learner};
use serde::{Deserialize, Serialize};

/// Weights of variants, as they follow from results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedSoFar {
    /// Results before this hour count, in milliseconds since 1970.
    pub until_ms: i64,
    /// The weights of each appeal that learns, by site.
    pub weights: Vec<LearnedWeights>,
}

impl LearnedSoFar {
    /// The weights of an appeal, if they were learned of the variants that it has.
    pub fn of(&self, learner: &Learner) -> Option<&LearnedWeights> {
        let fits = |it: &&LearnedWeights| {
            it.site == learner.site
                && it.appeal == learner.appeal
                && it.weights.iter().map(|(id, _)| id).eq(&learner.variants)
        };
        self.weights.iter().find(fits)
    }
}
