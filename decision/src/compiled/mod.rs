//! Compiled sites. Each has its appeals in the order in which they are evaluated.
//!
//! **Owns** the compiled form: each site with its appeals and their index.
//! **Never** decides anything; `walk/` does that.
//! **Start at** [`Compiled`] below; `appeal.rs` contains one appeal.
//! **Tested in** `cases/`, `tests/decision/properties/order.rs`.

mod appeal;
mod index;

use crate::names::Names;
use crate::rules::Articles;
use crate::site::{Ids, KnownAppeal, Site};
use crate::verdict::UnknownSite;
pub(crate) use appeal::Appeal;
use index::Index;

/// Checked and compiled sites and appeals. Many threads can read them cheaply. They can't be changed in part; replace
/// them as a whole.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    pub(crate) sites: Vec<SiteAppeals>,
    pub(crate) sites_by_id: Ids,
    pub(crate) names: Names,
}

impl Compiled {
    /// Finds a site by its id.
    ///
    /// # Errors
    /// No compiled site has this id.
    pub fn site(&self, id: &str) -> Result<CompiledSite<'_>, UnknownSite> {
        match self.sites_by_id.get(id) {
            Some(place) => Ok(CompiledSite { names: &self.names, appeals: &self.sites[*place as usize] }),
            None => Err(UnknownSite { site: id.to_owned() }),
        }
    }
}

/// One compiled site.
#[derive(Clone, Copy, Debug)]
pub struct CompiledSite<'a> {
    pub(crate) names: &'a Names,
    pub(crate) appeals: &'a SiteAppeals,
}

/// A site and its appeals.
#[derive(Clone, Debug)]
pub(crate) struct SiteAppeals {
    pub(crate) site: Site,
    /// The site's appeals, highest priority first. Appeals of the same priority are sorted by id.
    pub(crate) appeals: Vec<Appeal>,
    pub(crate) index: Index,
}

impl SiteAppeals {
    pub(crate) fn new(site: Site) -> Self {
        Self { site, appeals: Vec::new(), index: Index::default() }
    }

    /// Sorts the appeals and builds everything that depends on all of them.
    pub(crate) fn build_index(&mut self) {
        self.appeals
            .sort_by(|one, other| other.priority.cmp(&one.priority).then_with(|| one.id.cmp(&other.id)));
        self.index = Index::new(&self.appeals);
        let articles = || self.appeals.iter().map(|appeal| &appeal.parts.articles);
        let with_tags = || articles().filter(|articles| !articles.tags().is_empty());
        self.site.article_tag_weeks = with_tags().map(Articles::weeks).max().unwrap_or(0);
        let tags = with_tags().flat_map(Articles::tags);
        self.site.article_tags = tags.copied().collect();
        self.site.article_tags.sort_unstable();
        self.site.article_tags.dedup();
        self.site.appeals_by_id = self.known_appeals();
    }

    /// Returns the appeals by current and former id. A live or scheduled appeal keeps its former ids even if an appeal
    /// that can't show has one of them as its current id. In that case the first appeal was renamed, and the second one
    /// has ended.
    fn known_appeals(&self) -> Ids<KnownAppeal> {
        let known = |appeal: &Appeal| KnownAppeal {
            key: appeal.key(),
            kind: appeal.kind,
            never_covers: appeal.never_covers,
        };
        let former_ids = |may_show: bool| {
            let appeals = self.appeals.iter().filter(move |appeal| appeal.parts.live.is_live() == may_show);
            appeals
                .flat_map(move |appeal| appeal.former_ids.iter().map(move |id| (id.clone(), known(appeal))))
        };
        let current_ids = self.appeals.iter().map(|appeal| (appeal.id.clone(), known(appeal)));
        // Later entries replace earlier ones.
        former_ids(false).chain(current_ids).chain(former_ids(true)).collect()
    }
}
