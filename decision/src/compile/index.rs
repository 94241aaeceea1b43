//! Finds the appeals that a page and a country leave in question, so that those meant for others cost nothing.
//!
//! An appeal that names sections or tags is found by them, else one that names countries or regions by those, else it is
//! always in question. Who is not found would fail the rule for country or for sections and tags; both come before
//! all others that look at the question and give the same reason, so that the verdict is the same as if it were asked.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::{Appeal, NameId};
use crate::country::CountryCode;
use crate::facts::Facts;

/// Places in the site's list of appeals; the lowest have the highest priority.
pub(crate) type Places = SmallVec<[u32; 128]>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    always: Vec<u32>,
    by_name: HashMap<NameId, Vec<u32>, FxBuildHasher>,
    by_country: HashMap<CountryCode, Vec<u32>, FxBuildHasher>,
    /// How many there are in all; those that are not live are left out.
    live: usize,
}

impl Index {
    pub(super) fn new(appeals: &[Appeal]) -> Self {
        let mut index = Self::default();
        for (place, appeal) in (0..).zip(appeals).filter(|(_, appeal)| appeal.parts.live.is_live()) {
            index.live += 1;
            if let Some(names) = appeal.parts.page_targeted.names() {
                names.for_each(|name| push(index.by_name.entry(name).or_default(), place));
            } else if let Some(countries) = appeal.parts.country.places().countries() {
                countries.for_each(|code| push(index.by_country.entry(code).or_default(), place));
            } else {
                index.always.push(place);
            }
        }
        index
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Those in question, in their order.
    pub(crate) fn find(&self, facts: &Facts<'_>) -> Places {
        let mut places = Places::from_slice(&self.always);
        let names = facts.tags.iter().copied().chain(facts.section);
        names.filter_map(|name| self.by_name.get(&name)).for_each(|found| places.extend_from_slice(found));
        if let Some(found) = facts.country.and_then(|code| self.by_country.get(&code)) {
            places.extend_from_slice(found);
        }
        if places.len() > self.always.len() {
            places.sort_unstable();
            places.dedup();
        }
        places
    }
}

/// Places come in their order, so that a name that an appeal says twice is at the end.
fn push(places: &mut Vec<u32>, place: u32) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}
