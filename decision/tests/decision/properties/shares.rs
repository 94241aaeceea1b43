//! Variants get readers in proportion to their weights, and appeals split readers independently of each other. The
//! buckets (the numbers that browsers keep) are fixed, so that no test here depends on chance.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::runs;
use keepopen_decision::{
    AppealRules, Compiled, Frequency, Kind, Known, Percent, Question, Reader, SiteRules, Surface,
    VariantRules, Verdict, compile, decide,
};

const BUCKETS: u32 = 100_000;

fn compile_appeal(id: &str, weights: &[u32]) -> Compiled {
    let variant = |(place, weight): (usize, &u32)| VariantRules {
        weight: *weight,
        ..VariantRules::new(place.to_string())
    };
    let appeal = AppealRules {
        frequency: Some(Frequency { unlimited: true, ..Frequency::default() }),
        variants: weights.iter().enumerate().map(variant).collect(),
        ..AppealRules::new(id, "journal", Kind::Ask, Surface::Banner)
    };
    let (compiled, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
    assert_eq!(problems, []);
    compiled
}

fn chosen_variant(rules: &Compiled, bucket: u32) -> usize {
    let question = Question {
        reader: Reader { bucket: Some(bucket), ..Reader::default() },
        ..Question::from_site("journal")
    };
    match decide(rules, &question, &Known::without_token(), 0, 0) {
        Ok(Verdict::Show { variant, .. }) => variant,
        other => panic!("expected a shown appeal, found {other:?}"),
    }
}

#[test]
fn shares_of_readers_follow_the_weights() {
    for (id, weights) in [("summer", &[1, 1][..]), ("winter", &[5, 1, 4]), ("spring", &[1, 0, 99, 900])] {
        let rules = compile_appeal(id, weights);
        let mut readers = vec![0_u32; weights.len()];
        for bucket in 0..BUCKETS {
            readers[chosen_variant(&rules, bucket)] += 1;
        }
        let total: u32 = weights.iter().sum();
        for (weight, readers) in weights.iter().zip(&readers) {
            let share = f64::from(*weight) / f64::from(total);
            let wanted = share * f64::from(BUCKETS);
            let tolerance = 4.0 * (wanted * (1.0 - share)).sqrt();
            assert!(
                (f64::from(*readers) - wanted).abs() <= tolerance,
                "{id}: expected {wanted} readers, found {readers}"
            );
        }
    }
}

#[test]
fn two_appeals_split_readers_independently() {
    let (summer, winter) = (compile_appeal("summer", &[1, 1]), compile_appeal("winter", &[1, 1]));
    let agrees = |bucket: &u32| chosen_variant(&summer, *bucket) == chosen_variant(&winter, *bucket);
    let agree = (0..BUCKETS).filter(agrees).count();
    // By chance, the two appeals agree for half of the readers. Four times the standard deviation of 158 is 632.
    assert!((49_368..50_632).contains(&agree), "expected about 50,000 readers, found {agree}");
}

/// Returns the fraction of the readers that each appeal gets. An appeal is (id, priority, weight, percent of all
/// readers).
fn reader_fractions(appeals: &[(&str, i32, u32, f64)]) -> Vec<f64> {
    let written: Vec<AppealRules> = appeals
        .iter()
        .map(|(id, priority, weight, percent)| AppealRules {
            priority: *priority,
            weight: *weight,
            share_percent: Percent::new(*percent).expect("the percentage must be valid"),
            frequency: Some(Frequency { unlimited: true, ..Frequency::default() }),
            ..AppealRules::new(*id, "journal", Kind::Ask, Surface::Banner)
        })
        .collect();
    let (rules, problems) = compile(&[SiteRules::new("journal")], &written);
    assert_eq!(problems, []);
    let mut readers = vec![0.0; appeals.len()];
    for bucket in 0..BUCKETS {
        let question = Question {
            reader: Reader { bucket: Some(bucket), ..Reader::default() },
            ..Question::from_site("journal")
        };
        if let Ok(Verdict::Show { appeal, .. }) = decide(&rules, &question, &Known::without_token(), 0, 0) {
            readers[appeal.0] += 1.0 / f64::from(BUCKETS);
        }
    }
    readers
}

fn assert_near(found: &[f64], wanted: &[f64]) {
    // The tolerance is six times the standard deviation of a share of one half.
    assert!(
        found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 0.01),
        "expected {wanted:?}, found {found:?}"
    );
}

#[test]
fn appeals_without_a_share_get_readers_by_priority_and_weight() {
    assert_near(
        &reader_fractions(&[("c1", 0, 1, 100.0), ("c2", 0, 1, 100.0), ("c3", 0, 2, 100.0)]),
        &[0.25, 0.25, 0.5],
    );
    assert_near(&reader_fractions(&[("c1", 1, 1, 100.0), ("c2", 2, 1, 100.0)]), &[0.0, 1.0]);
}

#[test]
fn a_share_takes_precedence_and_applies_to_readers_left_by_higher_priorities() {
    assert_near(&reader_fractions(&[("c1", 1, 1, 25.0), ("c2", 2, 1, 50.0)]), &[0.125, 0.5]);
    assert_near(&reader_fractions(&[("c1", 1, 9, 100.0), ("c2", 1, 1, 10.0)]), &[0.9, 0.1]);
    // The two shares of the higher priority overlap in an eighth of the readers. Each share loses some of these
    // readers. The smaller share loses fewer of them than the larger one.
    let four = [("c1", 1, 1, 100.0), ("c2", 1, 1, 10.0), ("c3", 2, 1, 25.0), ("c4", 2, 1, 50.0)];
    assert_near(&reader_fractions(&four), &[0.3375, 0.0375, 0.219, 0.406]);
}

/// An appeal of one priority as (weight, percent of all readers).
type WeightAndPercent = (u32, f64);

/// Returns the appeal that each of 2,500 readers sees, given these appeals of one priority.
fn seen_appeals(same_priority: &[(usize, WeightAndPercent)]) -> Vec<Option<usize>> {
    let one = |(name, (weight, percent)): &(usize, WeightAndPercent)| AppealRules {
        weight: *weight,
        share_percent: Percent::new(*percent).expect("the percentage must be valid"),
        frequency: Some(Frequency { unlimited: true, ..Frequency::default() }),
        ..AppealRules::new(format!("appeal-{name}"), "journal", Kind::Ask, Surface::Banner)
    };
    let written: Vec<AppealRules> = same_priority.iter().map(one).collect();
    let (rules, problems) = compile(&[SiteRules::new("journal")], &written);
    assert_eq!(problems, []);
    (0..2500)
        .map(|bucket| {
            let reader = Reader { bucket: Some(bucket), ..Reader::default() };
            let question = Question { reader, ..Question::from_site("journal") };
            match decide(&rules, &question, &Known::without_token(), 0, 0) {
                Ok(Verdict::Show { appeal, .. }) => Some(same_priority[appeal.0].0),
                _ => None,
            }
        })
        .collect()
}

fn same_priority() -> impl Strategy<Value = Vec<(usize, WeightAndPercent)>> {
    let percent = select(&[1.0, 10.0, 37.5, 60.0, 99.0, 100.0]);
    let one = (prop_oneof![3 => Just(1_u32), 1 => 2..9_u32], percent);
    vec(one, 2..6).prop_map(|same_priority| same_priority.into_iter().enumerate().collect())
}

proptest! {
    #![proptest_config(runs(30))]

    #[test]
    fn an_appeal_that_starts_moves_readers_only_to_itself(same_priority in same_priority(), index in any::<Index>()) {
        let new = same_priority[index.index(same_priority.len())].0;
        let before: Vec<_> = same_priority.iter().copied().filter(|(name, _)| *name != new).collect();
        for (before, after) in seen_appeals(&before).into_iter().zip(seen_appeals(&same_priority)) {
            prop_assert!(after == before || after == Some(new), "{before:?} became {after:?}");
        }
    }

    #[test]
    fn a_share_keeps_its_readers_if_appeals_without_a_share_are_added(same_priority in same_priority(), percent in 1.0..99.9_f64) {
        let mut same_priority = same_priority;
        same_priority[0].1.1 = percent;
        let shares: Vec<_> = same_priority.iter().copied().filter(|(_, (_, percent))| *percent < 100.0).collect();
        for (before, after) in seen_appeals(&shares).into_iter().zip(seen_appeals(&same_priority)) {
            prop_assert!(before.is_none() || before == after, "{before:?} became {after:?}");
        }
    }

    #[test]
    fn a_share_that_grows_keeps_all_of_its_readers(same_priority in same_priority(), from in 0.1..50.0_f64, more in 0.1..49.0_f64) {
        let (mut before, mut after) = (same_priority.clone(), same_priority);
        (before[0].1.1, after[0].1.1) = (from, from + more);
        for (before, after) in seen_appeals(&before).into_iter().zip(seen_appeals(&after)) {
            prop_assert!(before == after || after == Some(0), "{before:?} became {after:?}");
        }
    }

    #[test]
    fn no_reader_outside_an_appeals_share_sees_it(same_priority in same_priority()) {
        let last = same_priority.len() - 1;
        for (alone, with_others) in seen_appeals(&same_priority[last..]).into_iter().zip(seen_appeals(&same_priority)) {
            prop_assert!(
                with_others != Some(last) || alone == Some(last),
                "a reader outside the share saw the appeal"
            );
        }
    }
}

#[test]
fn a_share_of_a_tenth_keeps_all_of_its_readers_if_an_appeal_without_a_share_is_added() {
    let (main, tenth) = ((0, (1, 100.0)), (1, (1, 10.0)));
    let alone = seen_appeals(&[tenth]).into_iter().filter(Option::is_some).count();
    let with_main = seen_appeals(&[tenth, main]);
    assert!((200..300).contains(&alone), "expected about 250 of 2,500 readers, found {alone}");
    assert_eq!(with_main.iter().filter(|appeal| **appeal == Some(1)).count(), alone);
    // If another share of a tenth is added, it takes few of these readers. They return when it ends.
    let with_another_share = seen_appeals(&[tenth, (2, (1, 10.0)), main]);
    let pairs = seen_appeals(&[tenth]).into_iter().zip(with_another_share);
    let kept = pairs.filter(|(before, after)| before.is_some() && before == after).count();
    assert!(
        kept * 100 > alone * 90,
        "expected more than 90 % of {alone} readers to keep the appeal, found {kept}"
    );
}
