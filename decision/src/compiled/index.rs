//! Finds the appeals that a page, its surfaces and a country leave in question, so that those meant for others cost nothing.
//!
//! Appeals for the same surfaces stand together. Among them, one that names sections or tags is found by them, else one that names countries or regions by those, else it is
//! always in question. Who is not found would fail the rule for country, for sections and tags or for surfaces; these come before
//! all others that look at the question and give the same reason, so that the verdict is the same as if it were asked.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::Appeal;
use crate::context::ReaderContext;
use crate::country::CountryCode;
use crate::names::NameId;

/// Places in the site's list of appeals; the lowest have the highest priority.
pub(crate) type Places = SmallVec<[u32; 128]>;

/// Those that are not live are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_surfaces: Vec<Part>,
}

/// The appeals for one set of surfaces.
#[derive(Clone, Debug, Default)]
struct Part {
    /// One bit for each surface.
    surfaces: u8,
    always: Vec<u32>,
    by_name: HashMap<NameId, Vec<u32>, FxBuildHasher>,
    by_country: HashMap<CountryCode, Vec<u32>, FxBuildHasher>,
}

impl Index {
    pub(super) fn new(appeals: &[Appeal]) -> Self {
        let mut index = Self::default();
        for (place, appeal) in (0..).zip(appeals).filter(|(_, appeal)| appeal.parts.live.is_live()) {
            let part = index.part(appeal.parts.surface.bits());
            if let Some(names) = appeal.parts.page_targeted.names() {
                names.for_each(|name| push(part.by_name.entry(name).or_default(), place));
            } else if let Some(countries) = appeal.parts.country.places().countries() {
                countries.for_each(|code| push(part.by_country.entry(code).or_default(), place));
            } else {
                part.always.push(place);
            }
        }
        index
    }

    fn part(&mut self, surfaces: u8) -> &mut Part {
        let known = self.by_surfaces.iter().position(|part| part.surfaces == surfaces);
        let place = known.unwrap_or_else(|| {
            self.by_surfaces.push(Part { surfaces, ..Part::default() });
            self.by_surfaces.len() - 1
        });
        &mut self.by_surfaces[place]
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.by_surfaces.is_empty()
    }

    /// Those in question, in their order.
    pub(crate) fn find(&self, context: &ReaderContext<'_>) -> Places {
        let mut places = Places::new();
        // Where a surface is switched off, the rule for surfaces has another reason, and of equals the first has the word.
        let is_switched_off = context.site.silenced & context.surfaces != 0;
        for part in
            self.by_surfaces.iter().filter(|part| is_switched_off || part.surfaces & context.surfaces != 0)
        {
            places.extend_from_slice(&part.always);
            let names = context.tags.iter().copied().chain(context.section);
            names
                .filter_map(|name| part.by_name.get(&name))
                .for_each(|found| places.extend_from_slice(found));
            if let Some(found) = context.country.and_then(|code| part.by_country.get(&code)) {
                places.extend_from_slice(found);
            }
        }
        if !places.is_sorted() {
            places.sort_unstable();
        }
        places.dedup();
        places
    }
}

/// Places come in their order, so that a name that an appeal says twice is at the end.
fn push(places: &mut Vec<u32>, place: u32) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}
