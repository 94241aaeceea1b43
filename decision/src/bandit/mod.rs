//! Learns the weights of variants from their results, by Thompson sampling on the value per view.
//!
//! **Owns** the model and the computation of weights from counts. Any counts give valid weights.
//! **Never** creates random numbers of its own. The seed is an argument, and the same seed always leads to the same
//! weights.
//! **Start at** [`weights`] below; `model.rs` contains the model.
//! **Tested in** the files here and `tests/decision/bandit.rs`.
//!
//! Each variant's weight is the probability, given the counts, that the variant is the best one. The method is from
//! Thompson, "On the likelihood that one unknown probability exceeds another in view of the evidence of two samples",
//! Biometrika 25, 1933. Scott, "A modern Bayesian look at the multi-armed bandit", 2010, calls it probability matching.
//! To estimate the probability, every variant's value per view is drawn many times from its posterior. The probability
//! is the fraction of draws in which the variant is the best.

mod model;
mod plausible;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

use model::{Pool, Posterior};
pub use plausible::plausible_views;

/// The results of one variant, in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// The number of views.
    pub views: u64,
    /// The number of gifts.
    pub gifts: u64,
    /// The sum of the gifts, in the currency's minor unit.
    pub total_minor: u64,
}

/// How the weights of variants follow their results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learning {
    /// The minimum weight of each variant, out of a million. If there are so many variants that the minimums would add
    /// up to more than a million, each variant gets an equal part.
    pub floor_per_million: u32,
    /// How far one update moves the weights from the current weights to those that the results suggest: from 0 (not at
    /// all) to 1 (all the way).
    pub pace: f64,
    /// How many times the values per view are drawn.
    pub draws: u32,
}

impl Default for Learning {
    /// Returns a floor of 5 %, a pace of half the way per update, and 4,096 draws. With that many draws, an estimated
    /// probability is accurate to about one percent.
    fn default() -> Self {
        Self { floor_per_million: 50_000, pace: 0.5, draws: 4096 }
    }
}

const MILLION: u32 = 1_000_000;

/// Returns one weight per variant, in the order of `results`. The weights add up to exactly a million.
///
/// `before` contains the current weights. A new variant has the weight 0. If there are no current weights, the update
/// moves all the way to the weights that the results suggest. Without variants, the result is empty.
pub fn weights(results: &[Results], before: Option<&[u32]>, learning: Learning, seed: u64) -> Vec<u32> {
    if results.is_empty() {
        return Vec::new();
    }
    let win_rates = win_rates(results, learning.draws.max(1), seed);
    let number = results.len() as f64;
    let floor = (f64::from(learning.floor_per_million) / f64::from(MILLION)).min(1.0 / number);
    let before = before.and_then(|before| fractions(before, results.len()));
    let pace = if learning.pace.is_finite() { learning.pace.clamp(0.0, 1.0) } else { 1.0 };
    let excess: Vec<f64> = win_rates
        .iter()
        .enumerate()
        .map(|(place, win_rate)| {
            let suggested = floor + (1.0 - number * floor) * win_rate;
            let current = before.as_ref().map_or(suggested, |before| before[place]);
            // A fraction below the floor is from earlier rules, such as a lower floor, or belongs to a new variant. It
            // is raised to the floor immediately.
            (current + (suggested - current) * pace - floor).max(0.0)
        })
        .collect();
    // The sum is 0 only if the floors add up to 1. In that case there is nothing left to distribute.
    let total_excess = excess.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let fractions = excess.iter().map(|excess| floor + (1.0 - number * floor) * (excess / total_excess));
    to_whole_weights(&fractions.collect::<Vec<_>>())
}

/// Converts weights to fractions of 1. Returns `None` if there are not `number` weights or if their sum is 0.
fn fractions(weights: &[u32], number: usize) -> Option<Vec<f64>> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let fractions = weights.iter().map(|weight| f64::from(*weight) / total as f64);
    (weights.len() == number && total > 0).then(|| fractions.collect())
}

/// Returns, for each variant, the fraction of draws in which it was the best. Variants that are equally good share the
/// draw.
fn win_rates(results: &[Results], draws: u32, seed: u64) -> Vec<f64> {
    let pool = Pool::of(results);
    let posteriors: Vec<Posterior> = results.iter().map(|results| Posterior::new(*results, pool)).collect();
    let mut random = Pcg64::seed_from_u64(seed);
    let mut won = vec![0.0; results.len()];
    let mut values = vec![0.0; results.len()];
    for _ in 0..draws {
        for (value, posterior) in values.iter_mut().zip(&posteriors) {
            *value = posterior.draw(&mut random);
        }
        let best = values.iter().copied().fold(0.0, f64::max);
        let winners = values.iter().filter(|value| **value == best).count() as f64;
        for (won, value) in won.iter_mut().zip(&values) {
            if *value == best {
                *won += 1.0 / winners;
            }
        }
    }
    won.iter().map(|won| won / f64::from(draws)).collect()
}

/// Converts fractions to whole weights in the same proportion. The weights add up to a million. The largest remainders
/// are rounded up.
fn to_whole_weights(fractions: &[f64]) -> Vec<u32> {
    let total: f64 = fractions.iter().sum();
    let exact: Vec<f64> = fractions.iter().map(|part| part / total * f64::from(MILLION)).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a million")]
    let mut weights: Vec<u32> = exact.iter().map(|part| part.floor() as u32).collect();
    let missing = MILLION.saturating_sub(weights.iter().sum());
    let mut places: Vec<usize> = (0..fractions.len()).collect();
    places.sort_by(|one, other| exact[*other].fract().total_cmp(&exact[*one].fract()).then(one.cmp(other)));
    for place in places.into_iter().cycle().take(missing as usize) {
        weights[place] += 1;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_weights_add_up_to_a_million() {
        assert_eq!(to_whole_weights(&[1.0, 1.0, 1.0]), [333_334, 333_333, 333_333]);
        assert_eq!(to_whole_weights(&[0.25, 0.75]), [250_000, 750_000]);
        assert_eq!(to_whole_weights(&[0.7; 7]).iter().sum::<u32>(), MILLION);
    }
}
