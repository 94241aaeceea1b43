//! Variants get readers in proportion to their weights, and appeals split readers without regard to each other.
//! The buckets are fixed, so that nothing here depends on luck.

use keepopen_decision::{
    AppealRules, Compiled, Frequency, Kind, Known, Percent, Question, Reader, SiteRules, Surface,
    VariantRules, Verdict, compile, decide,
};

const BUCKETS: u32 = 100_000;

fn compiled(id: &str, weights: &[u32]) -> Compiled {
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

fn variant(rules: &Compiled, bucket: u32) -> usize {
    let question = Question {
        reader: Reader { bucket: Some(bucket), ..Reader::default() },
        ..Question::from_site("journal")
    };
    match decide(rules, &question, &Known::nobody(), 0, 0) {
        Ok(Verdict::Show { variant, .. }) => variant,
        other => panic!("{other:?}"),
    }
}

#[test]
fn shares_of_readers_follow_the_weights() {
    for (id, weights) in [("summer", &[1, 1][..]), ("winter", &[5, 1, 4]), ("spring", &[1, 0, 99, 900])] {
        let rules = compiled(id, weights);
        let mut readers = vec![0_u32; weights.len()];
        for bucket in 0..BUCKETS {
            readers[variant(&rules, bucket)] += 1;
        }
        let total: u32 = weights.iter().sum();
        for (weight, readers) in weights.iter().zip(&readers) {
            let share = f64::from(*weight) / f64::from(total);
            let wanted = share * f64::from(BUCKETS);
            let tolerance = 4.0 * (wanted * (1.0 - share)).sqrt();
            assert!(
                (f64::from(*readers) - wanted).abs() <= tolerance,
                "{id}: {readers} readers, not {wanted}"
            );
        }
    }
}

#[test]
fn two_appeals_split_readers_without_regard_to_each_other() {
    let (summer, winter) = (compiled("summer", &[1, 1]), compiled("winter", &[1, 1]));
    let agree = (0..BUCKETS).filter(|bucket| variant(&summer, *bucket) == variant(&winter, *bucket)).count();
    // Half of them agree by chance; 4 times the standard deviation of 158 is 632.
    assert!((49_368..50_632).contains(&agree), "{agree}");
}

/// Appeals as (id, priority, weight, percent of all readers).
fn readers(appeals: &[(&str, i32, u32, f64)]) -> Vec<f64> {
    let written: Vec<AppealRules> = appeals
        .iter()
        .map(|(id, priority, weight, percent)| AppealRules {
            priority: *priority,
            weight: *weight,
            share_percent: Percent::new(*percent).expect("a percentage"),
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
        if let Ok(Verdict::Show { appeal, .. }) = decide(&rules, &question, &Known::nobody(), 0, 0) {
            readers[appeal.0] += 1.0 / f64::from(BUCKETS);
        }
    }
    readers
}

fn assert_near(found: &[f64], wanted: &[f64]) {
    // Six times the standard deviation of a half of the readers.
    assert!(
        found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 0.01),
        "{found:?}, not {wanted:?}"
    );
}

#[test]
fn appeals_share_readers_by_priority_weight_and_limit() {
    assert_near(&readers(&[("c1", 1, 1, 25.0), ("c2", 2, 1, 50.0)]), &[0.25, 0.5]);
    let four = [("c1", 1, 1, 100.0), ("c2", 1, 1, 10.0), ("c3", 2, 1, 25.0), ("c4", 2, 1, 50.0)];
    assert_near(&readers(&four), &[0.15, 0.1, 0.25, 0.5]);
    assert_near(
        &readers(&[("c1", 0, 1, 100.0), ("c2", 0, 1, 100.0), ("c3", 0, 2, 100.0)]),
        &[0.25, 0.25, 0.5],
    );
}
