//! Detects views that the planned split can't explain.
//!
//! The weights plan how readers are split among variants, so the variants' views are in nearly the same proportion as
//! their weights. Forged views of one variant would make it look as if few of its readers gave. A variant's views
//! therefore count only up to the number that is likely given the views of the other variants.

/// The factor by which a variant may exceed its planned part before views are ignored. The tolerance is needed because
/// some views counted in an hour were chosen with the weights of the previous hour.
const TOLERANCE: f64 = 1.1;
/// How many standard deviations above the expected views are still attributed to chance. By chance, a variant exceeds
/// its expected views by more than four standard deviations in about one hour out of 30,000.
const DEVIATIONS: f64 = 4.0;
/// A difference of up to this many views is always accepted, even if there are only a few views in total.
const SLACK: f64 = 8.0;

/// Returns, for each variant in the order of `views`, how many of its views the planned split can explain. `planned`
/// contains the weights, and `views` the counted views. The number of readers is estimated from the variant with the
/// fewest views for its weight. The other variants' views count up to the number that is likely with that many readers.
/// Views of a variant with weight 0 are not counted.
pub fn plausible_views(planned: &[u32], views: &[u64]) -> Vec<u64> {
    let total: f64 = planned.iter().map(|weight| f64::from(*weight)).sum();
    let part = |place: usize| planned.get(place).map_or(0.0, |weight| f64::from(*weight)) / total;
    if total == 0.0 {
        return vec![0; views.len()];
    }
    let max_readers = (0..planned.len())
        .filter(|place| part(*place) > 0.0)
        .map(|place| largest_likely(views.get(place).map_or(0.0, |views| *views as f64)) / part(place))
        .fold(f64::INFINITY, f64::min);
    let counted = views.iter().enumerate().map(|(place, views)| match part(place) {
        0.0 => 0,
        part => (*views).min(ceil(largest_likely(max_readers * part * TOLERANCE))),
    });
    counted.collect()
}

/// Returns the largest number of views that is still likely if `expected` views are expected.
fn largest_likely(expected: f64) -> f64 {
    expected + DEVIATIONS * expected.sqrt() + SLACK
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of views, above 0")]
fn ceil(views: f64) -> u64 {
    views.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_views_of_an_ordinary_split_are_counted() {
        for (planned, views) in [
            (vec![500_000, 500_000], vec![500, 470]),
            (vec![500_000, 500_000], vec![1, 0]),
            (vec![950_000, 50_000], vec![1900, 78]),
            (vec![334, 333, 333], vec![10_100, 9_900, 10_000]),
            (vec![1, 1], vec![0, 0]),
        ] {
            assert_eq!(plausible_views(&planned, &views), views);
        }
    }

    #[test]
    fn most_of_thousands_of_surplus_views_are_not_counted() {
        let counted = plausible_views(&[500_000, 500_000], &[2500, 500]);
        assert!(
            (500..800).contains(&counted[0]) && counted[1] == 500,
            "expected 500 to 799 views and 500 views, found {counted:?}"
        );
        let counted = plausible_views(&[50_000, 950_000], &[5000, 950]);
        assert!(
            counted[0] < 150 && counted[1] == 950,
            "expected fewer than 150 views and 950 views, found {counted:?}"
        );
        let two_of_three = plausible_views(&[1, 1, 1], &[3000, 3000, 100]);
        assert!(
            two_of_three.iter().all(|views| *views < 250),
            "expected fewer than 250 views of each variant, found {two_of_three:?}"
        );
    }

    #[test]
    fn views_of_a_variant_with_weight_0_are_not_counted() {
        assert_eq!(plausible_views(&[1, 0], &[40, 40]), [40, 0]);
        assert_eq!(plausible_views(&[0, 0], &[40, 40]), [0, 0]);
        assert_eq!(
            plausible_views(&[1], &[40, 40]),
            [40, 0],
            "views of a variant without a planned weight must not count"
        );
        assert_eq!(plausible_views(&[], &[]), Vec::<u64>::new());
    }

    #[test]
    fn never_counts_more_views_than_there_were() {
        for planned in [[1, 1], [1, 99], [7, 3]] {
            for views in [[0, 5], [90, 3], [1000, 1000], [u64::from(u32::MAX), 2]] {
                let counted = plausible_views(&planned, &views);
                assert!(counted.iter().zip(&views).all(|(counted, views)| counted <= views));
            }
        }
    }
}
