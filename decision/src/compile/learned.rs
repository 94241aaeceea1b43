//! Appeals whose variants' weights are learned from results, and the learned weights.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::compiled::{Appeal, Compiled};

/// An appeal on one site whose variants' weights are learned from results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learner {
    /// The site's id.
    pub site: String,
    /// The appeal's id.
    pub appeal: String,
    /// The appeal's former ids. Results under these ids count for the appeal.
    pub former_ids: Vec<String>,
    /// The ids of the variants whose weights are learned, in the order in which the appeal lists them. A variant to
    /// which the author gave the weight 0 is not included.
    pub variants: Vec<String>,
    /// The minimum share of each variant, out of a million.
    pub floor_per_million: u32,
}

/// Weights learned for an appeal on one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedWeights {
    /// The site's id.
    pub site: String,
    /// The appeal's id.
    pub appeal: String,
    /// The id and the weight of each variant.
    pub weights: Vec<(String, u32)>,
}

impl Compiled {
    /// Returns every appeal whose variants' weights are learned from results.
    pub fn learners(&self) -> impl Iterator<Item = Learner> {
        self.sites.iter().flat_map(|site| {
            site.appeals.iter().filter_map(|appeal| {
                let (variants, floor_per_million) = appeal.variants.learning()?;
                Some(Learner {
                    site: site.site.id.to_string(),
                    appeal: appeal.id.to_string(),
                    former_ids: appeal.former_ids.iter().map(ToString::to_string).collect(),
                    variants: variants.map(str::to_owned).collect(),
                    floor_per_million,
                })
            })
        })
    }

    /// Applies learned weights. Weights for appeals or variants that no longer exist are ignored.
    pub fn apply_learned_weights(&mut self, all_learned: &[LearnedWeights]) {
        for learned in all_learned {
            let site =
                self.sites_by_id.get(learned.site.as_str()).map(|place| &mut self.sites[*place as usize]);
            let appeals = site.into_iter().flat_map(|site| &mut site.appeals);
            appeals
                .filter(|appeal| *appeal.id == *learned.appeal)
                .for_each(|appeal| appeal.apply_learned(&learned.weights));
        }
    }
}

impl Appeal {
    fn apply_learned(&mut self, weights: &[(String, u32)]) {
        let Some(variants) = self.variants.with_weights(weights).map(Arc::new) else { return };
        self.parts.sequence.replace_variants(Arc::clone(&variants));
        self.parts.values.replace_variants(Arc::clone(&variants));
        self.variants = variants;
    }
}
