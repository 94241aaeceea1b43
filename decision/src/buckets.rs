//! Assigns a variant to a reader. Any program that follows this recipe assigns the same variant to the same reader:
//!
//! 1. `salt = XXH64(seed 0, site id in UTF-8, one zero byte, appeal id in UTF-8)`
//! 2. `position = XXH64(seed salt, bucket as 4 bytes, lowest first) mod 1,000,000`
//! 3. Each variant owns a half-open range of positions. With weights `w`, range `i` ends at
//!    `floor((w₀ + … + wᵢ) × 1,000,000 / sum of all w)`; the first begins at 0, the last ends at 1,000,000.
//!
//! The same recipe with other salts computes a reader's position for an appeal's share and for holdouts (readers who
//! see nothing, for comparison). The salt of a share hashes site id, zero byte, appeal id, zero byte, `share`. The salt
//! of a holdout hashes site id, zero byte, appeal id, zero byte, `holdout`. For the holdout of the whole site, the
//! appeal id is empty.
//!
//! The bucket is the number that the reader's browser keeps. If a question (a request for a decision) has no bucket,
//! the random `draw` of the caller is used instead. The variant is then chosen for this question only. The salt makes
//! different appeals split the same readers differently.

use twox_hash::XxHash64;

/// The number of positions. Positions run from 0 to one less than this.
pub(crate) const POSITIONS: u32 = 1_000_000;

/// Returns the salt for the choice of a variant.
fn variants_salt(site: &str, appeal: &str) -> u64 {
    salt_of(&[site, appeal])
}

/// Returns the hash of the parts, joined with zero bytes between them.
fn salt_of(parts: &[&str]) -> u64 {
    XxHash64::oneshot(0, parts.join("\0").as_bytes())
}

/// The salts that are hashed with a reader's bucket. They make different splits of the readers independent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Salts {
    pub(crate) variants: u64,
    pub(crate) holdout: u64,
    pub(crate) share: u64,
}

impl Salts {
    pub(crate) fn new(site: &str, appeal: &str) -> Self {
        Self {
            variants: variants_salt(site, appeal),
            holdout: salt_of(&[site, appeal, "holdout"]),
            share: salt_of(&[site, appeal, "share"]),
        }
    }

    /// Returns the salt for the holdout of the whole site.
    pub(crate) fn of_site_holdout(site: &str) -> u64 {
        salt_of(&[site, "", "holdout"])
    }
}

/// Returns the reader's position for this salt.
pub(crate) fn position(salt: u64, bucket: u32) -> u32 {
    position_of(XxHash64::oneshot(salt, &bucket.to_le_bytes()))
}

fn position_of(hash: u64) -> u32 {
    u32::try_from(hash % u64::from(POSITIONS)).expect("a remainder modulo a million must fit in 32 bits")
}

/// Computes a bucket (0 to 999,999) for a reader whom the caller identifies by its own key: `XXH64(seed 0, key in
/// UTF-8) mod 1,000,000`. The same key always has the same bucket.
pub fn bucket_of(key: &str) -> u32 {
    position_of(XxHash64::oneshot(0, key.as_bytes()))
}

/// Returns the end of each variant's range of positions, in the order of the weights. If all weights are 0, which the
/// compiler rejects, every range is empty.
pub(crate) fn ranges(weights: &[u32]) -> Vec<u32> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let mut so_far: u128 = 0;
    weights
        .iter()
        .map(|weight| {
            so_far += u128::from(*weight);
            let end = so_far * u128::from(POSITIONS) / total.max(1);
            u32::try_from(end).expect("a part of the total must be at most a million")
        })
        .collect()
}

/// Returns the index of the range that contains the position. This is the first range that ends after the position.
pub(crate) fn pick(ends: impl Iterator<Item = u32>, position: u32) -> usize {
    ends.take_while(|end| *end <= position).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_always_produces_the_same_numbers() {
        // These numbers come from an independent implementation of XXH64. If this test fails, readers change variants.
        assert_eq!(variants_salt("journal", "summer"), GOLDEN_SALT);
        let positions = [0, 1, 417_223, 999_999, u32::MAX].map(|bucket| position(GOLDEN_SALT, bucket));
        assert_eq!(positions, GOLDEN_POSITIONS);
    }

    const GOLDEN_SALT: u64 = 0x4ab6_53cd_341d_a78e;
    const GOLDEN_POSITIONS: [u32; 5] = [281_138, 245_815, 587_015, 156_641, 214_494];

    #[test]
    fn each_kind_of_split_has_its_own_salt() {
        // These numbers come from the same independent implementation.
        let salts = Salts::new("journal", "summer");
        assert_eq!(salts.variants, GOLDEN_SALT);
        assert_eq!(salts.holdout, 0x36c6_cd7e_99e2_663a);
        assert_eq!(salts.share, 0xf3a8_f0b6_511f_0aee);
        assert_eq!(Salts::of_site_holdout("journal"), 0xb180_040e_3749_9785);
    }

    #[test]
    fn a_key_always_has_the_same_bucket() {
        // These numbers come from the same independent implementation. The hashes of the empty text and of "abc" are
        // also published with XXH64.
        assert_eq!(["", "abc", "reader-1"].map(bucket_of), [376_921, 572_249, 968_457]);
    }

    #[test]
    fn ranges_are_half_open_and_leave_no_gap() {
        let ends = ranges(&[5, 1, 4]);
        assert_eq!(ends, [500_000, 600_000, 1_000_000]);
        let at = |position| pick(ends.iter().copied(), position);
        assert_eq!([0, 499_999, 500_000, 599_999, 600_000, 999_999].map(at), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn a_variant_without_weight_gets_no_reader() {
        let ends = ranges(&[0, 3, 0, 1, 0]);
        let chosen: std::collections::BTreeSet<usize> = (0..POSITIONS)
            .step_by(997)
            .chain([POSITIONS - 1])
            .map(|at| pick(ends.iter().copied(), at))
            .collect();
        assert_eq!(chosen, [1, 3].into());
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        assert_eq!(ranges(&[u32::MAX; 4]), [250_000, 500_000, 750_000, 1_000_000]);
    }
}
