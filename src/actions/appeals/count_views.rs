//! Counts first views (each reader's first view of an appeal). The weights of the appeal's variants are learned from
//! them.

use std::collections::BTreeMap;

use keepopen_decision::bandit::plausible_views;

use crate::store::planned_weights::{HourViews, PlannedWeights};

/// The number of first views that count, and the number that are ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CountedViews {
    /// The counted views of each variant, in the order of the appeal's variants.
    pub counted: Vec<u64>,
    /// The ignored views of all variants together.
    pub ignored: u64,
}

/// Counts the first views of `variants`. Each hour has a traffic split: the share of readers planned for each variant.
/// A view is ignored if its variant has more views than the split makes plausible, first per hour and then for all
/// hours together. All views of an hour count if the hour's split is unknown, or was between other variants.
pub fn count_views(variants: &[String], views: &[HourViews], planned: &[PlannedWeights]) -> CountedViews {
    let planned: BTreeMap<i64, Vec<u32>> = planned
        .iter()
        .filter_map(|row| match read_weights(variants, &row.weights) {
            Ok(weights) => Some((row.hour_at_ms, weights?)),
            Err(error) => {
                let hour_at_ms = row.hour_at_ms;
                tracing::error!(hour_at_ms, %error, "the stored traffic split of an hour can't be read; all views of the hour count");
                None
            }
        })
        .collect();
    let mut hours: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for row in views {
        let Some(index) = variants.iter().position(|id| *id == row.variant) else { continue };
        let hour = hours.entry(row.hour_at_ms).or_insert_with(|| vec![0; variants.len()]);
        hour[index] += u64::try_from(row.views).unwrap_or(0);
    }
    let total_views: u64 = hours.values().flatten().sum();
    let mut counted = vec![0; variants.len()];
    // The expected number of readers per variant, over all hours. `None` if the split of an hour is unknown.
    let mut expected = Some(vec![0.0; variants.len()]);
    for (hour_at_ms, views) in &hours {
        let Some(weights) = planned.get(hour_at_ms) else {
            add_to_each(&mut counted, views);
            expected = None;
            continue;
        };
        let plausible = plausible_views(weights, views);
        let readers = plausible.iter().sum::<u64>() as f64;
        let total = weights.iter().map(|weight| f64::from(*weight)).sum::<f64>().max(1.0);
        if let Some(expected) = &mut expected {
            for (expected, weight) in expected.iter_mut().zip(weights) {
                *expected += readers * f64::from(*weight) / total;
            }
        }
        add_to_each(&mut counted, &plausible);
    }
    if let Some(expected) = expected {
        counted = plausible_views(&to_millionths(&expected), &counted);
    }
    CountedViews { ignored: total_views - counted.iter().sum::<u64>(), counted }
}

/// Adds each variant's number to the variant's sum.
fn add_to_each(sums: &mut [u64], numbers: &[u64]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += number;
    }
}

/// Reads the stored weights, and returns them in the order of `variants`. Returns `None` if the weights belong to
/// other variants.
fn read_weights(variants: &[String], json: &str) -> Result<Option<Vec<u32>>, serde_json::Error> {
    let weights: BTreeMap<String, u32> =
        serde_json::from_str::<Vec<(String, u32)>>(json)?.into_iter().collect();
    let has_same_number = weights.len() == variants.len();
    let weights = variants.iter().map(|id| weights.get(id).copied()).collect::<Option<Vec<u32>>>();
    Ok(weights.filter(|_| has_same_number))
}

/// Converts numbers to shares of their sum, in millionths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each share is between 0 and a million"
)]
fn to_millionths(parts: &[f64]) -> Vec<u32> {
    let total = parts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    parts.iter().map(|part| (part / total * 1e6).round() as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variants() -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    /// The views of the variants `a` and `b` in one hour.
    fn views_in_hour(hour: i64, a: i64, b: i64) -> [HourViews; 2] {
        let views_of =
            |variant: &str, views| HourViews { hour_at_ms: hour, variant: variant.to_owned(), views };
        [views_of("a", a), views_of("b", b)]
    }

    fn planned(hour: i64, weights: &str) -> PlannedWeights {
        PlannedWeights { hour_at_ms: hour, weights: weights.to_owned() }
    }

    const EQUAL: &str = r#"[["a",500000],["b",500000]]"#;

    #[test]
    fn two_thousand_forged_views_do_not_count() {
        let views: Vec<HourViews> =
            (0..10).flat_map(|hour| views_in_hour(hour, 100, if hour == 4 { 2100 } else { 100 })).collect();
        let plans: Vec<PlannedWeights> = (0..10).map(|hour| planned(hour, EQUAL)).collect();
        let counted = count_views(&variants(), &views, &plans);
        assert_eq!(counted.counted[0], 1000);
        assert!((1000..1150).contains(&counted.counted[1]), "{counted:?}");
        assert_eq!(counted.ignored, 3000 + 1000 - counted.counted.iter().sum::<u64>());
    }

    #[test]
    fn a_small_excess_in_each_hour_is_detected_in_the_total() {
        let views: Vec<HourViews> = (0..500).flat_map(|hour| views_in_hour(hour, 10, 30)).collect();
        let plans: Vec<PlannedWeights> = (0..500).map(|hour| planned(hour, EQUAL)).collect();
        let counted = count_views(&variants(), &views, &plans);
        assert!(counted.counted[0] == 5000 && counted.counted[1] < 7000, "{counted:?}");
    }

    #[test]
    fn ordinary_views_all_count_even_if_the_weights_change() {
        let views: Vec<HourViews> =
            views_in_hour(1, 52, 49).into_iter().chain(views_in_hour(2, 11, 93)).collect();
        let plans = [planned(1, EQUAL), planned(2, r#"[["b",900000],["a",100000]]"#)];
        assert_eq!(
            count_views(&variants(), &views, &plans),
            CountedViews { counted: vec![63, 142], ignored: 0 }
        );
    }

    #[test]
    fn all_views_count_in_an_hour_without_a_known_split() {
        let views = views_in_hour(1, 5, 5000);
        for plans in [
            vec![],
            vec![planned(1, "[]")],
            vec![planned(1, r#"[["a",1],["b",1],["c",1]]"#)],
            vec![planned(1, "no")],
        ] {
            assert_eq!(count_views(&variants(), &views, &plans).counted, [5, 5000], "{plans:?}");
        }
        assert_eq!(count_views(&variants(), &[], &[]), CountedViews { counted: vec![0, 0], ignored: 0 });
    }
}
