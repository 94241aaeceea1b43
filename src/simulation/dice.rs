//! Generates random numbers from a seed. The same seed gives the same numbers on every machine.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// A random number generator whose numbers are defined by its algorithm, so that a simulation can be repeated years
/// later.
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// Creates the generator for this seed.
    pub fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Returns a separate generator for the next reader, so that one reader's draws don't affect another's.
    pub fn split(&mut self) -> Self {
        Self::from_seed(self.0.next_u64())
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub fn fraction(&mut self) -> f64 {
        // A double has exactly 53 bits of precision.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let numerator = (self.0.next_u64() >> 11) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Returns a number from 0 up to, but not including, `end`; 0 if `end` is 0.
    pub fn number_below(&mut self, end: u32) -> u32 {
        // The high half of the product is as evenly distributed as the 64 bits from which it is computed.
        let scaled = (u128::from(self.0.next_u64()) * u128::from(end)) >> 64;
        u32::try_from(scaled).expect("the number must be less than `end`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_in_every_version() {
        let mut dice = Dice::from_seed(1);
        let drawn: Vec<u32> = (0..6).map(|_| dice.number_below(1_000_000)).collect();
        assert_eq!(drawn, EXPECTED);
    }

    /// These numbers were computed with another implementation of xoshiro256++ and of SplitMix64, which expands the
    /// seed into the state.
    const EXPECTED: [u32; 6] = [811_612, 747_104, 100_150, 746_216, 184_678, 590_478];

    #[test]
    fn fractions_and_numbers_are_below_their_limit_and_cover_the_range() {
        let mut dice = Dice::from_seed(7);
        let mut tenths = [0; 10];
        let mut sixths = [0; 6];
        for _ in 0..10_000 {
            let fraction = dice.fraction();
            assert!((0.0..1.0).contains(&fraction));
            tenths[(fraction * 10.0) as usize] += 1;
            sixths[dice.number_below(6) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1150).contains(count)), "{tenths:?}");
        assert!(sixths.iter().all(|count| (1450..1900).contains(count)), "{sixths:?}");
        assert_eq!(dice.number_below(0), 0);
    }
}
