//! The order of appeals in a file has no effect.

use keepopen_decision::{AppealRules, Verdict};
use proptest::prelude::*;

use super::generate::{appeals, known, question, site, time};
use super::{ask, rules, runs};

proptest! {
    #![proptest_config(runs(1000))]

    #[test]
    fn the_order_of_appeals_does_not_change_the_verdict(
        appeals in appeals(2..6),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
        rotation in 0..6_usize,
    ) {
        let mut reordered = appeals.clone();
        reordered.rotate_left(rotation % appeals.len());
        reordered.reverse();
        let now_ms = now.as_millisecond();
        let id = |verdict: Verdict, appeals: &[AppealRules]| match verdict {
            Verdict::Show { appeal, variant, surface, .. } => Ok((true, appeals[appeal.0].id.clone(), variant, surface)),
            Verdict::HeldOut { appeal, variant, surface, .. } => Ok((false, appeals[appeal.0].id.clone(), variant, surface)),
            silent @ Verdict::Silent { .. } => Err(silent),
        };
        prop_assert_eq!(
            id(ask(&rules(&site, &appeals), &question, &known, now_ms), &appeals),
            id(ask(&rules(&site, &reordered), &question, &known, now_ms), &reordered)
        );
    }
}
