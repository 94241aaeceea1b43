//! The posterior distribution of a variant's value per view.
//!
//! The value per view is the rate of gifts times the mean gift. Each of the two has its conjugate prior. (Stucchio,
//! "Bayesian A/B testing at VWO", 2015, section on revenue, has the same model.)
//!
//! - A view leads to a gift at an unknown rate. The prior is a Beta distribution.
//!   The posterior is Beta(α + gifts, β + views − gifts).
//! - A gift's size is exponential with an unknown mean. The prior is an inverse gamma distribution, so the posterior is
//!   InvGamma(a + gifts, b + total). Only the number of gifts and their total are needed. The exponential distribution
//!   has a long tail, so a single large gift has a limited effect.
//!
//! The priors are computed from all variants together, with the strength of one gift. A variant without views is
//! therefore assumed to be like the other variants, with high uncertainty.

use rand_distr::{Beta, Distribution, Gamma};
use rand_pcg::Pcg64;

use super::Results;

/// The results of all variants together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pool {
    /// Gifts per view, above 0 and below 1.
    rate: f64,
    mean_gift_minor: f64,
}

impl Pool {
    /// Computes the pooled rate and mean of all variants.
    pub(super) fn of(results: &[Results]) -> Self {
        let sum = |part: fn(&Results) -> u64| results.iter().map(|results| part(results) as f64).sum::<f64>();
        let (gifts, total) =
            (sum(|results| results.gifts.min(results.views)), sum(|results| results.total_minor));
        let views = sum(|results| results.views);
        // Adds half a gift, and half a view without a gift, so that the rate is neither 0 nor 1.
        let rate = (gifts + 0.5) / (views + 1.0);
        Self { rate, mean_gift_minor: if gifts == 0.0 { 0.0 } else { total / gifts } }
    }
}

/// The posterior of one variant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Belief {
    /// The value per view is a draw of `rate` divided by a draw of `inverse_gift`.
    Open { rate: Beta<f64>, inverse_gift: Gamma<f64> },
    /// There are no gifts, or their sum is too large for a number. Every draw is 0.
    Nothing,
}

impl Belief {
    /// Computes the posterior. If there are more gifts than views (a counting error), only as many gifts as views
    /// count.
    pub(super) fn new(results: Results, pool: Pool) -> Self {
        let views = results.views as f64;
        let gifts = results.gifts.min(results.views) as f64;
        let total = if gifts > 0.0 { results.total_minor as f64 } else { 0.0 };
        // The prior is one gift at the pooled rate, and two gifts at the pooled mean. Two is the smallest whole number
        // with which an inverse gamma distribution has a mean.
        let rate = Beta::new(1.0 + gifts, (1.0 - pool.rate) / pool.rate + views - gifts);
        let scale = 1.0 / (pool.mean_gift_minor + total);
        match (rate, Gamma::new(2.0 + gifts, scale)) {
            (Ok(rate), Ok(inverse_gift)) if scale.is_finite() => Self::Open { rate, inverse_gift },
            _ => Self::Nothing,
        }
    }

    /// Draws a plausible value per view, in the currency's minor unit. The value is finite and at least 0.
    pub(super) fn draw(&self, random: &mut Pcg64) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Open { rate, inverse_gift } => {
                let value = rate.sample(random) / inverse_gift.sample(random);
                if value.is_finite() { value.max(0.0) } else { 0.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_adds_half_a_gift_and_one_view_to_the_sums_of_all_variants() {
        let results = [(3, 1, 1000), (4, 1, 500)].map(|(views, gifts, total_minor)| Results {
            views,
            gifts,
            total_minor,
        });
        let pool = Pool::of(&results);
        assert_eq!((pool.rate, pool.mean_gift_minor), (2.5 / 8.0, 750.0));
    }
}
