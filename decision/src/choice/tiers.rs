//! Which appeal of those that fit. They are tried from the highest priority down, tier by tier.
//!
//! A tier gets the readers that the tiers above left, and shares them among its appeals in proportion to their weights,
//! but gives none of them more of all readers than its `share_percent`: what one can't take goes to the others, and what
//! none can take is left for the tiers below. The shares are made anew from the appeals that fit this reader, page
//! and time, in the order of their ids, so that the order in a file is nothing. A reader's place in a tier comes
//! from the bucket and a salt of the tier, and stays while the same appeals fit.

use smallvec::SmallVec;

use super::assignment::{POSITIONS, position};

/// An appeal that fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) weight: u32,
    /// The most readers it takes, out of a million.
    pub(crate) most: u32,
}

/// The way down the tiers, for one reader.
#[derive(Clone, Debug)]
pub(crate) struct Tiers {
    bucket: u32,
    /// Readers that the tiers so far left, out of a million.
    left: u64,
}

/// Where an appeal's readers end among those that came to its tier, out of a million of all.
pub(crate) type Ends = SmallVec<[u64; 16]>;

impl Tiers {
    pub(crate) const fn new(bucket: u32) -> Self {
        Self { bucket, left: POSITIONS as u64 }
    }

    /// The place of the appeal that gets this reader, if one of the tier does, and where the ranges end.
    pub(crate) fn next(&mut self, salt: u64, fitting: &[Candidate]) -> (Option<usize>, Ends) {
        let ends = share(fitting, self.left);
        // The reader's place among those who came this far, on the scale of all readers.
        let place = u64::from(position(salt, self.bucket)) * self.left / u64::from(POSITIONS);
        self.left -= ends.last().copied().unwrap_or(0);
        (whose(&ends, place), ends)
    }
}

/// The range that the place is in, where each begins with the end of the one before and ends before its own.
fn whose(ends: &[u64], place: u64) -> Option<usize> {
    ends.iter().position(|end| place < *end)
}

/// Shares `readers` among the appeals: each gets its part by weight, but never more than it takes.
fn share(fitting: &[Candidate], readers: u64) -> Ends {
    let mut parts: Ends = SmallVec::from_elem(0, fitting.len());
    let mut full: SmallVec<[bool; 16]> = SmallVec::from_elem(false, fitting.len());
    let (mut left, mut weights) = (readers, fitting.iter().map(|one| u64::from(one.weight)).sum::<u64>());
    // Who can't take its part is given what it takes; that makes the others' parts larger, so all are asked again.
    let mut settled = false;
    while !settled {
        settled = true;
        for (place, one) in fitting.iter().enumerate() {
            let (most, weight) = (u64::from(one.most), u64::from(one.weight));
            let takes_less = u128::from(most) * u128::from(weights) < u128::from(left) * u128::from(weight);
            if !full[place] && takes_less {
                (parts[place], full[place], settled) = (most, true, false);
                left -= most;
                weights -= weight;
            }
        }
    }
    let (mut end, mut so_far, mut given) = (0, 0_u64, 0);
    for (place, one) in fitting.iter().enumerate() {
        if !full[place] {
            so_far += u64::from(one.weight);
            let upto = u64::try_from(u128::from(left) * u128::from(so_far) / u128::from(weights.max(1)));
            let upto = upto.expect("a part of a million is at most a million");
            parts[place] = upto - given;
            given = upto;
        }
        end += parts[place];
        parts[place] = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(fitting: &[(u32, u32)], readers: u64) -> Vec<u64> {
        let fitting: Vec<_> =
            fitting.iter().map(|(weight, most)| Candidate { weight: *weight, most: *most }).collect();
        let mut before = 0;
        let ends = share(&fitting, readers);
        ends.iter().map(|end| end - std::mem::replace(&mut before, *end)).collect()
    }

    #[test]
    fn a_range_has_its_first_place_and_not_its_end() {
        let whose = |place| whose(&[250_000, 250_000, 750_000], place);
        assert_eq!(
            [0, 249_999, 250_000, 749_999, 750_000].map(whose),
            [Some(0), Some(0), Some(2), Some(2), None]
        );
    }

    #[test]
    fn equals_share_by_weight_and_none_takes_more_than_its_share() {
        assert_eq!(parts(&[(1, 1_000_000)], 1_000_000), [1_000_000]);
        assert_eq!(parts(&[(1, 1_000_000); 3], 1_000_000), [333_333, 333_333, 333_334]);
        assert_eq!(parts(&[(1, 250_000), (1, 500_000)], 1_000_000), [250_000, 500_000]);
        assert_eq!(parts(&[(1, 1_000_000), (1, 100_000)], 250_000), [150_000, 100_000]);
        assert_eq!(parts(&[(3, 1_000_000), (1, 1_000_000)], 1_000_000), [750_000, 250_000]);
        assert_eq!(parts(&[(3, 500_000), (1, 1_000_000)], 1_000_000), [500_000, 500_000]);
        assert_eq!(parts(&[(u32::MAX, 1_000_000), (1, 0)], 1_000_000), [1_000_000, 0]);
        assert_eq!(parts(&[], 1_000_000), [] as [u64; 0]);
        assert_eq!(parts(&[(1, 500_000)], 0), [0]);
    }
}
