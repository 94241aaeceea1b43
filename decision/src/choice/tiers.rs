//! Chooses among the appeals of one tier (all appeals of one priority) that match a reader.
//!
//! Every appeal assigns every reader a position from 0 to 999,999. The position depends only on the site, the appeal
//! and the reader's bucket (the number that the browser keeps). Other appeals can't change it. Three rules choose:
//!
//! 1. An appeal with a `share_percent` below 100 can only be shown to readers whose position is below its share of the
//!    positions: below 250,000 for a share of 25 %.
//! 2. Appeals with a share take precedence over those without one. A share therefore keeps its readers when appeals
//!    without a share start or end.
//! 3. Among several appeals that all have a share, or that all have none, the one with the shortest wait wins. The wait
//!    is computed from the position and the weight (see [`Claim::is_before`]). Appeals without a share therefore get
//!    readers in proportion to their weights.
//!
//! So an appeal that starts, ends or changes its pages gains or loses readers itself, but never moves readers between
//! two other appeals. A share that grows keeps all of its readers. The disadvantage is that shares of one priority
//! overlap. Shares of 50 % and 25 % together reach 62.5 % of the readers, and each of the two loses some readers to the
//! other. Readers in the smaller share have low positions for it, and a low position means a short wait. With equal
//! weights, most readers who are in both shares therefore go to the smaller one.

use smallvec::SmallVec;

use crate::buckets::{POSITIONS, position};

/// An appeal that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) weight: u32,
    /// The appeal's share, in readers out of a million.
    pub(crate) share_per_million: u32,
    /// The salt that gives each reader a position for this appeal.
    pub(crate) salt: u64,
}

impl Candidate {
    /// Whether the appeal is limited to a share of the readers.
    const fn has_share(&self) -> bool {
        self.share_per_million < POSITIONS
    }

    /// Whether the reader is in the appeal's share.
    pub(crate) fn share_contains(&self, bucket: u32) -> bool {
        !self.has_share() || position(self.salt, bucket) < self.share_per_million
    }

    /// Returns the appeal's claim to the reader; `None` if the reader is outside the appeal's share.
    fn claim(&self, bucket: u32) -> Option<Claim> {
        let place = position(self.salt, bucket);
        let claim = Claim { has_share: self.has_share(), weight: self.weight, place };
        (place < self.share_per_million).then_some(claim)
    }
}

/// An appeal's claim to a reader: what decides whether this appeal or another one gets the reader.
#[derive(Clone, Copy, Debug)]
struct Claim {
    has_share: bool,
    weight: u32,
    /// The reader's position for this appeal.
    place: u32,
}

impl Claim {
    /// Whether this claim takes precedence over the other. A claim with a share comes first, then the claim with the
    /// shorter wait.
    ///
    /// A wait is a number that is computed from the reader's position and the appeal's weight. Over all readers, waits
    /// are exponentially distributed with the weight as their rate. The chance of the shortest wait is therefore
    /// proportional to the weight.
    fn is_before(&self, other: &Self) -> bool {
        if self.has_share != other.has_share {
            return self.has_share;
        }
        if self.weight == other.weight {
            return self.place < other.place;
        }
        self.wait() * f64::from(other.weight) < other.wait() * f64::from(self.weight)
    }

    /// Returns how long the wait would be at weight 1. `libm` computes the same bits on every machine.
    fn wait(&self) -> f64 {
        -libm::log(1.0 - (f64::from(self.place) + 0.5) / f64::from(POSITIONS))
    }
}

/// Returns the index of the appeal that gets the reader, if any does. Of equal claims, the first wins.
pub(crate) fn choose(candidates: impl Iterator<Item = Candidate>, bucket: u32) -> Option<usize> {
    let mut first: Option<(usize, Claim)> = None;
    for (index, candidate) in candidates.enumerate() {
        if let Some(claim) = candidate.claim(bucket)
            && first.is_none_or(|(_, other)| claim.is_before(&other))
        {
            first = Some((index, claim));
        }
    }
    first.map(|(index, _)| index)
}

/// Returns the fraction of all readers that each candidate gets, and the fraction that no candidate gets. `explain`
/// reports these fractions.
pub(crate) fn reader_fractions(candidates: &[Candidate]) -> (SmallVec<[f64; 8]>, f64) {
    let share_of = |candidate: &Candidate| f64::from(candidate.share_per_million) / f64::from(POSITIONS);
    let shares = || candidates.iter().filter(|candidate| candidate.has_share());
    let unclaimed: f64 = shares().map(|candidate| 1.0 - share_of(candidate)).product();
    let without_share = candidates.iter().filter(|candidate| !candidate.has_share());
    let weights: f64 = without_share.map(|candidate| f64::from(candidate.weight)).sum();
    let fraction_of = |candidate: &Candidate| {
        if !candidate.has_share() {
            unclaimed * f64::from(candidate.weight) / weights
        } else if shares().count() == 1 {
            share_of(candidate)
        } else {
            fraction_of_share(candidate, shares().filter(|other| other.salt != candidate.salt))
        }
    };
    (candidates.iter().map(fraction_of).collect(), if weights > 0.0 { 0.0 } else { unclaimed })
}

/// Returns the fraction of all readers that an appeal with a share gets when other appeals have shares too. This is the
/// integral, over the positions in its share, of the probability that none of the other appeals wins the reader.
fn fraction_of_share<'a>(candidate: &Candidate, others: impl Iterator<Item = &'a Candidate> + Clone) -> f64 {
    const STEPS: u32 = 1000;
    let share = f64::from(candidate.share_per_million) / f64::from(POSITIONS);
    let width = share / f64::from(STEPS);
    let probability_at = |step: u32| {
        // The position, as a fraction of all positions.
        let position = (f64::from(step) + 0.5) * width;
        // The other appeal wins if its wait is shorter and the reader is in its share. Both depend on the reader's
        // position for the other appeal, which must be below two limits. The smaller limit counts.
        let probability_that_other_loses = |other: &Candidate| {
            let weight_ratio = f64::from(other.weight) / f64::from(candidate.weight);
            let probability_of_shorter_wait = 1.0 - libm::pow(1.0 - position, weight_ratio);
            let other_share = f64::from(other.share_per_million) / f64::from(POSITIONS);
            1.0 - probability_of_shorter_wait.min(other_share)
        };
        others.clone().map(probability_that_other_loses).product::<f64>()
    };
    (0..STEPS).map(probability_at).sum::<f64>() * width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(specs: &[(u32, u32)]) -> Vec<Candidate> {
        let new_candidate = |(salt, (weight, share)): (u64, &(u32, u32))| Candidate {
            weight: *weight,
            share_per_million: *share,
            salt,
        };
        (1..).zip(specs).map(new_candidate).collect()
    }

    /// Returns how many readers out of a thousand each candidate gets, and how many no candidate gets.
    fn explained(specs: &[(u32, u32)]) -> Vec<i64> {
        let (fractions, unclaimed) = reader_fractions(&candidates(specs));
        fractions.iter().chain([&unclaimed]).map(|fraction| (fraction * 1000.0).round() as i64).collect()
    }

    #[test]
    fn explained_shares_match_the_choices() {
        const READERS: u32 = 200_000;
        for specs in [
            &[(1, 1_000_000)][..],
            &[(3, 1_000_000), (1, 1_000_000)],
            &[(1, 100_000), (7, 1_000_000), (1, 1_000_000)],
            &[(1, 250_000), (1, 500_000)],
            &[(2, 250_000), (1, 500_000), (5, 900_000), (1, 1_000_000)],
        ] {
            let all = candidates(specs);
            let mut readers = vec![0_u32; all.len() + 1];
            for bucket in 0..READERS {
                readers[choose(all.iter().copied(), bucket).unwrap_or(all.len())] += 1;
            }
            for (explained, found) in explained(specs).into_iter().zip(readers) {
                let found = f64::from(found) / f64::from(READERS) * 1000.0;
                assert!(
                    (explained as f64 - found).abs() < 4.0,
                    "{specs:?}: explained {explained}, found {found}"
                );
            }
        }
    }

    #[test]
    fn a_share_takes_precedence_and_shares_overlap() {
        assert_eq!(explained(&[(1, 1_000_000), (1, 100_000)]), [900, 100, 0]);
        assert_eq!(explained(&[(9, 1_000_000), (1, 600_000)]), [400, 600, 0]);
        assert_eq!(explained(&[(1, 250_000), (1, 500_000)]), [219, 406, 375]);
        assert_eq!(explained(&[]), [1000]);
    }

    #[test]
    fn the_first_of_equal_claims_wins() {
        let candidate = Candidate { weight: 1, share_per_million: 1_000_000, salt: 7 };
        assert_eq!(choose([candidate, candidate].into_iter(), 3), Some(0));
        assert_eq!(choose([].into_iter(), 3), None);
    }
}
