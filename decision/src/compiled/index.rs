//! Finds the appeals that can match a page, its surfaces and the reader's country. Other appeals are not evaluated,
//! which saves time.
//!
//! Appeals are grouped by their surfaces. Within a group, an appeal is found by the sections and tags that it names. An
//! appeal that names none is found by the countries and regions that it names. If it names none of these either, it is
//! always found. An appeal that is not found would fail the rule for country, page or surface. These rules come before
//! all other rules that depend on the question (the request for a decision). All three fail with the same reason, so
//! skipping the appeal does not change the verdict.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::Appeal;
use crate::context::ReaderContext;
use crate::country::CountryCode;
use crate::names::NameId;

/// Indexes into the site's appeals. Lower indexes have a higher priority.
pub(crate) type Places = SmallVec<[u32; 128]>;

/// The index of a site's appeals. It contains only live and scheduled appeals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_surfaces: Vec<Group>,
}

/// The appeals for one set of surfaces.
#[derive(Clone, Debug, Default)]
struct Group {
    /// One bit for each surface.
    surfaces: u8,
    /// The appeals that name no section, tag, country or region. They are always found.
    always: Vec<u32>,
    /// The appeals by each section or tag that they name.
    by_name: HashMap<NameId, Vec<u32>, FxBuildHasher>,
    /// The appeals that name no section or tag, by each country of the countries and regions that they name.
    by_country: HashMap<CountryCode, Vec<u32>, FxBuildHasher>,
}

impl Index {
    pub(super) fn new(appeals: &[Appeal]) -> Self {
        let mut index = Self::default();
        for (place, appeal) in (0..).zip(appeals).filter(|(_, appeal)| appeal.parts.live.is_live()) {
            let group = index.group(appeal.parts.surface.bits());
            if let Some(names) = appeal.parts.page_targeted.names() {
                names.for_each(|name| push(group.by_name.entry(name).or_default(), place));
            } else if let Some(countries) = appeal.parts.country.places().countries() {
                countries.for_each(|code| push(group.by_country.entry(code).or_default(), place));
            } else {
                group.always.push(place);
            }
        }
        index
    }

    /// Returns the group for the surfaces. Creates it if there is none.
    fn group(&mut self, surfaces: u8) -> &mut Group {
        let existing = self.by_surfaces.iter().position(|group| group.surfaces == surfaces);
        let place = existing.unwrap_or_else(|| {
            self.by_surfaces.push(Group { surfaces, ..Group::default() });
            self.by_surfaces.len() - 1
        });
        &mut self.by_surfaces[place]
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.by_surfaces.is_empty()
    }

    /// Finds the appeals that can match. Returns them in their order.
    pub(crate) fn find(&self, context: &ReaderContext<'_>) -> Places {
        let mut places = Places::new();
        // If a surface of the page is switched off, the rule for surfaces may fail with another reason than the rules
        // for country and page. In that case, the appeals for all surfaces must be evaluated.
        let is_switched_off = context.site.silenced & context.surfaces != 0;
        let groups = self.by_surfaces.iter();
        for group in groups.filter(|group| is_switched_off || group.surfaces & context.surfaces != 0) {
            places.extend_from_slice(&group.always);
            let names = context.tags.iter().copied().chain(context.section);
            names
                .filter_map(|name| group.by_name.get(&name))
                .for_each(|found| places.extend_from_slice(found));
            if let Some(found) = context.country.and_then(|code| group.by_country.get(&code)) {
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

/// Adds a place unless it is already in the list. Places are added in ascending order, so a duplicate is always the
/// last one.
fn push(places: &mut Vec<u32>, place: u32) {
    if places.last() != Some(&place) {
        places.push(place);
    }
}
