//! The time at which the verdict changes is exact. If there is no such time, the verdict never changes.

use keepopen_decision::Verdict;
use proptest::prelude::*;

use super::generate::{NOON_MS, appeals, known, question, site, time};
use super::{ask, is_silent, rules, runs};

const TEN_YEARS_MS: i64 = 3650 * 86_400_000;

proptest! {
    #![proptest_config(runs(2000))]

    #[test]
    fn the_next_eligible_time_is_exact(
        appeals in appeals(1..4),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
        between in 0.0..1.0_f64,
    ) {
        let rules = rules(&site, &appeals);
        let now_ms = now.as_millisecond();
        let Verdict::Silent { next_eligible_at_ms, .. } = ask(&rules, &question, &known, now_ms) else {
            return Ok(());
        };
        let silent_until_ms = next_eligible_at_ms.unwrap_or(now_ms + TEN_YEARS_MS);
        prop_assert!(silent_until_ms > now_ms);
        let between_ms = now_ms + ((silent_until_ms - 1 - now_ms) as f64 * between) as i64;
        for at_ms in [between_ms, silent_until_ms - 1] {
            prop_assert!(is_silent(ask(&rules, &question, &known, at_ms)), "already shows at {}", at_ms);
        }
        if let Some(at_ms) = next_eligible_at_ms {
            prop_assert!(!is_silent(ask(&rules, &question, &known, at_ms)), "still shows nothing at {}", at_ms);
        }
    }

    #[test]
    fn without_a_next_eligible_time_no_appeal_ever_shows(
        appeals in appeals(1..3),
        site in site(),
        question in question(),
        known in known(),
        later_ms in 0..TEN_YEARS_MS,
    ) {
        let rules = rules(&site, &appeals);
        let verdict = ask(&rules, &question, &known, NOON_MS);
        if let Verdict::Silent { next_eligible_at_ms: None, .. } = verdict {
            let later = ask(&rules, &question, &known, NOON_MS + later_ms);
            prop_assert!(is_silent(later), "an appeal shows after {} ms", later_ms);
        }
    }
}
