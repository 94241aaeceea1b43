//! Variants get readers in proportion to their weights, and appeals split readers without regard to each other.
//! The buckets are fixed, so that nothing here depends on luck.

use keepopen_decision::{
    AppealRules, Compiled, Frequency, Kind, Known, Question, Reader, SiteRules, Surface, VariantRules,
    Verdict, compile, decide,
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
