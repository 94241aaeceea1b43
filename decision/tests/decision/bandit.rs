//! Learned weights find the better variant, and are valid for any counts of views and gifts.

use keepopen_decision::bandit::{Learning, Results, weights};
use proptest::prelude::*;

use crate::properties::runs;

const MILLION: u32 = 1_000_000;
/// Moves the weights all the way to those that the results suggest.
const FULL_PACE: Learning = Learning { floor_per_million: 50_000, pace: 1.0, draws: 2000 };

fn results(views: u64, gifts: u64, total_minor: u64) -> Results {
    Results { views, gifts, total_minor }
}

/// Returns the weights that these results suggest, without any previous weights.
fn learned_weights(results: &[Results]) -> Vec<u32> {
    weights(results, None, FULL_PACE, 7)
}

#[test]
fn without_variants_there_are_no_weights_and_a_single_variant_gets_the_full_weight() {
    assert_eq!(learned_weights(&[]), [] as [u32; 0]);
    assert_eq!(learned_weights(&[results(0, 0, 0)]), [MILLION]);
    assert_eq!(learned_weights(&[results(1000, 3, 1500)]), [MILLION]);
}

#[test]
fn variants_without_views_have_equal_weights() {
    assert_eq!(learned_weights(&[results(0, 0, 0); 4]), [250_000; 4]);
}

#[test]
fn without_gifts_variants_have_equal_weights_for_any_number_of_views() {
    assert_eq!(learned_weights(&[results(1000, 0, 0), results(10, 0, 0)]), [500_000; 2]);
    assert_eq!(learned_weights(&[results(1000, 7, 0), results(10, 0, 0)]), [500_000; 2]);
}

#[test]
fn a_variant_that_earns_nothing_gets_only_the_floor() {
    let weights = learned_weights(&[results(100_000, 200, 200_000), results(100_000, 0, 0)]);
    assert_eq!(weights[1], 50_000);
}

#[test]
fn a_floor_above_an_equal_split_leads_to_an_equal_split() {
    let high = Learning { floor_per_million: 500_000, pace: 0.0, ..FULL_PACE };
    let results = [results(1000, 9, 9000), results(1000, 0, 0), results(1000, 0, 0), results(1000, 0, 0)];
    assert_eq!(weights(&results, Some(&[900_000, 50_000, 25_000, 25_000]), high, 7), [250_000; 4]);
}

#[test]
fn weights_follow_the_value_and_not_the_number_of_gifts() {
    let weights = learned_weights(&[results(100_000, 400, 400 * 500), results(100_000, 200, 200 * 2000)]);
    assert!(weights[1] > 940_000, "expected more than 94 % for the second variant, found {weights:?}");
}

#[test]
fn a_single_large_gift_does_not_decide_the_weights() {
    let weights = learned_weights(&[results(10_000, 20, 20 * 1000), results(10_000, 1, 20 * 1000)]);
    assert!(
        weights.iter().all(|weight| *weight > 250_000),
        "expected more than 25 % for each variant, found {weights:?}"
    );
}

#[test]
fn a_new_variant_is_tried_but_does_not_take_over() {
    let old = results(100_000, 200, 200_000);
    let weights = learned_weights(&[old, old, results(0, 0, 0)]);
    assert!(
        (100_000..700_000).contains(&weights[2]),
        "expected 10 % to 70 % for the new variant, found {weights:?}"
    );
}

#[test]
fn weights_move_half_way_or_all_the_way_if_the_current_weights_cannot_be_used() {
    let results = [results(100_000, 200, 200_000), results(100_000, 0, 0)];
    let half = Learning { pace: 0.5, ..FULL_PACE };
    assert_eq!(weights(&results, Some(&[500_000, 500_000]), half, 7), [725_000, 275_000]);
    assert_eq!(weights(&results, Some(&[5, 3, 2]), half, 7), weights(&results, None, half, 7));
    assert_eq!(weights(&results, Some(&[0, 0]), half, 7), weights(&results, None, half, 7));
}

#[test]
fn without_gifts_weights_move_half_way_to_an_equal_split() {
    let half = Learning { pace: 0.5, ..FULL_PACE };
    assert_eq!(weights(&[results(10, 0, 0); 2], Some(&[900_000, 100_000]), half, 7), [700_000, 300_000]);
}

#[test]
fn the_weight_of_the_best_of_three_variants_moves_half_way() {
    let results = [results(100_000, 200, 200_000), results(100_000, 0, 0), results(100_000, 0, 0)];
    let half = Learning { pace: 0.5, ..FULL_PACE };
    assert_eq!(weights(&results, Some(&[400_000, 300_000, 300_000]), half, 7), [650_000, 175_000, 175_000]);
}

#[test]
fn a_weight_below_the_floor_is_raised_to_the_floor_immediately() {
    let results = [results(100_000, 200, 200_000), results(0, 0, 0)];
    let slow = Learning { pace: 0.0, ..FULL_PACE };
    assert_eq!(weights(&results, Some(&[MILLION, 0]), slow, 7), [950_000, 50_000]);
}

#[test]
fn variants_whose_floors_exceed_the_total_have_equal_weights() {
    assert_eq!(learned_weights(&[results(1000, 1, 100); 40]), [25_000; 40]);
}

#[test]
fn over_many_hours_the_better_variant_gets_most_readers() {
    let mut better_weights = Vec::new();
    for seed in 0..20_u64 {
        better_weights.push(simulate(seed, &[(20, 1000), (30, 1000)]));
    }
    // The second variant's rate of gifts is one and a half times the first variant's. Because of the floor, one variant
    // gets at most 95 %.
    let mostly_better = better_weights.iter().filter(|weight| **weight > 800_000).count();
    assert!(
        mostly_better >= 18,
        "expected more than 80 % for the better variant in 18 of 20 simulations, found {better_weights:?}"
    );
}

/// Simulates 200 hours of 2,000 views each, with weights that are updated every hour. Returns the last variant's
/// weight. A variant is (gifts per 10,000 views, mean gift).
fn simulate(seed: u64, variants: &[(u64, u64)]) -> u32 {
    let mut results = vec![Results::default(); variants.len()];
    let mut shares = vec![MILLION / 2; variants.len()];
    let mut random_state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random_below = |limit: u64| {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        random_state % limit
    };
    for hour in 0..200 {
        for ((results, (rate, mean)), share) in results.iter_mut().zip(variants).zip(&shares) {
            for _ in 0..u64::from(*share) * 2000 / u64::from(MILLION) {
                results.views += 1;
                if random_below(10_000) < *rate {
                    results.gifts += 1;
                    results.total_minor += random_below(2 * mean);
                }
            }
        }
        let learning = Learning { draws: 500, ..Learning::default() };
        shares = weights(&results, Some(&shares), learning, seed * 1000 + hour);
    }
    shares[variants.len() - 1]
}

fn any_results() -> impl Strategy<Value = Results> {
    let number = || prop_oneof![Just(0), Just(1), 0..1000_u64, any::<u64>(), Just(u64::MAX)];
    (number(), number(), number()).prop_map(|(views, gifts, total_minor)| Results {
        views,
        gifts,
        total_minor,
    })
}

proptest! {
    #![proptest_config(runs(500))]

    #[test]
    fn weights_are_valid_for_any_counts(
        results in proptest::collection::vec(any_results(), 1..8),
        before in proptest::option::of(proptest::collection::vec(any::<u32>(), 1..8)),
        floor_per_million in any::<u32>(),
        pace in any::<f64>(),
        seed in any::<u64>(),
    ) {
        let learning = Learning { floor_per_million, pace, draws: 50 };
        let found = weights(&results, before.as_deref(), learning, seed);
        prop_assert_eq!(found.len(), results.len());
        prop_assert_eq!(found.iter().sum::<u32>(), MILLION);
        let floor = floor_per_million.min(MILLION / u32::try_from(results.len()).expect("the number of results must fit in 32 bits"));
        prop_assert!(found.iter().all(|weight| weight + 1 >= floor), "expected at least {} for each variant, found {:?}", floor, found);
        prop_assert_eq!(&weights(&results, before.as_deref(), learning, seed), &found);
    }
}
