//! The posterior distribution of a variant's value per view.
//!
//! The value per view is the rate of gifts times the mean gift. Each of the two has its conjugate prior. (Stucchio,
//! "Bayesian A/B testing at VWO", 2015, section on revenue, has the same model.)
//!
//! - A view leads to a gift at an unknown rate. The prior is a Beta distribution.
//!   The posterior is Beta(α + gifts, β + views − gifts).
//! - A gift's size is exponential with an unknown mean. The prior is an inverse gamma distribution, so the posterior is
//!   InvGamma(a + gifts, b + total). Only the number of gifts and their total are needed.
//!
//! The priors are computed from all variants together, and count about as much as one gift. A variant without views
//! is therefore assumed to be like the other variants, with high uncertainty.

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
        // Adds one view and half a gift, so that the rate is neither 0 nor 1.
        let rate = (gifts + 0.5) / (views + 1.0);
        Self { rate, mean_gift_minor: if gifts == 0.0 { 0.0 } else { total / gifts } }
    }
}

/// The posterior of one variant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Posterior {
    /// The value per view is a draw of `rate` divided by a draw of `inverse_gift`.
    Estimated { rate: Beta<f64>, inverse_gift: Gamma<f64> },
    /// Every draw is 0, because no variant has a gift with an amount, or the distributions can't be computed.
    Zero,
}

impl Posterior {
    /// Computes the posterior. If there are more gifts than views (a counting error), the number of gifts is reduced to
    /// the number of views.
    pub(super) fn new(results: Results, pool: Pool) -> Self {
        let views = results.views as f64;
        let gifts = results.gifts.min(results.views) as f64;
        let total = if gifts > 0.0 { results.total_minor as f64 } else { 0.0 };
        // The prior of the rate counts as one gift at the pooled rate. The prior of the mean gift has the pooled mean,
        // and the shape 2. This is the smallest whole number for which an inverse gamma distribution has a mean.
        let rate = Beta::new(1.0 + gifts, (1.0 - pool.rate) / pool.rate + views - gifts);
        let scale = 1.0 / (pool.mean_gift_minor + total);
        match (rate, Gamma::new(2.0 + gifts, scale)) {
            (Ok(rate), Ok(inverse_gift)) if scale.is_finite() => Self::Estimated { rate, inverse_gift },
            _ => Self::Zero,
        }
    }

    /// Draws a plausible value per view, in the currency's minor unit. The value is finite and at least 0.
    pub(super) fn draw(&self, random: &mut Pcg64) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Estimated { rate, inverse_gift } => {
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
