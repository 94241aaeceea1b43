//! What is true of one question, worked out once before any appeal is tried.

use smallvec::SmallVec;

use crate::compile::{Compiled, NameId, Names, Site};
use crate::country::CountryCode;
use crate::question::{History, Question};
use crate::verdict::Known;
use crate::words::Surface;

pub(crate) struct Facts<'q> {
    pub(crate) now_ms: i64,
    pub(crate) site: &'q Site,
    pub(crate) known: &'q Known,
    pub(crate) question: &'q Question<'q>,
    pub(crate) names: &'q Names,
    /// One bit for each surface the page has room for.
    pub(crate) surfaces: u8,
    pub(crate) country: Option<CountryCode>,
    pub(crate) section: Option<NameId>,
    pub(crate) tags: SmallVec<[NameId; 16]>,
    pub(crate) page_kind: Option<NameId>,
}

impl<'q> Facts<'q> {
    pub(crate) fn gather(
        rules: &'q Compiled,
        site: &'q Site,
        question: &'q Question<'q>,
        known: &'q Known,
        now_ms: i64,
    ) -> Self {
        let names = &rules.names;
        let page = &question.page;
        let offered: &[Surface] =
            if question.surfaces.is_empty() { &Surface::ALL } else { &question.surfaces };
        Self {
            now_ms,
            site,
            known,
            question,
            names,
            surfaces: offered.iter().fold(0, |bits, surface| bits | surface.bit()),
            country: question.reader.country.as_deref().and_then(CountryCode::parse),
            section: page.section.as_deref().and_then(|name| names.find(name)),
            tags: page.tags.iter().filter_map(|name| names.find(name)).collect(),
            page_kind: page.kind.as_deref().and_then(|name| names.find(name)),
        }
    }

    pub(crate) fn history(&self) -> Option<&'q History<'q>> {
        self.question.history.as_ref()
    }
}
