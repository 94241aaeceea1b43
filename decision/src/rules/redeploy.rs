//! Times from which an appeal begins anew, for all readers or for those of some countries. A part of the rules that
//! look at what was seen and sent away; no rule of its own.

use std::sync::Arc;

use super::country::Places;
use crate::compile::{Draft, moment_ms};
use crate::facts::Facts;

#[derive(Clone, Debug)]
pub(crate) struct Redeploys {
    appeal: u32,
    /// The earliest first.
    times: Arc<[(i64, Places)]>,
}

impl Redeploys {
    pub(super) fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let zone = draft.zone();
        let mut times = Vec::new();
        for (place, redeploy) in draft.rules.redeploys.iter().enumerate() {
            let places = Places::compile(
                draft,
                &format!("redeploys[{place}]"),
                &redeploy.countries,
                &redeploy.regions,
            );
            times.push((moment_ms(&zone, redeploy.at, false), places));
        }
        times.sort_by_key(|(at_ms, _)| *at_ms);
        Self { appeal: draft.key, times: times.into() }
    }

    pub(super) const fn appeal(&self) -> u32 {
        self.appeal
    }

    fn times<'q>(&'q self, facts: &'q Facts<'_>) -> impl DoubleEndedIterator<Item = i64> + 'q {
        self.times.iter().filter(|(_, places)| places.have(facts)).map(|(at_ms, _)| *at_ms)
    }

    /// What is older than this no longer counts at `at_ms`.
    pub(super) fn since_ms(&self, facts: &Facts<'_>, at_ms: i64) -> i64 {
        self.times(facts).rfind(|time_ms| *time_ms <= at_ms).unwrap_or(i64::MIN)
    }

    /// The first instant from `at_ms` on at which a rule passes. `opens_at` tells, for what counts since then, when the
    /// rule opens for good, if it ever does.
    pub(super) fn first(
        &self,
        facts: &Facts<'_>,
        at_ms: i64,
        opens_at: impl Fn(i64) -> Option<i64>,
    ) -> Option<i64> {
        let now = opens_at(self.since_ms(facts, at_ms)).map(|opens_ms| opens_ms.max(at_ms));
        if now == Some(at_ms) {
            return now;
        }
        let later = self.times(facts).filter(|time_ms| *time_ms > at_ms);
        later.filter_map(|time_ms| Some(opens_at(time_ms)?.max(time_ms))).chain(now).min()
    }
}
