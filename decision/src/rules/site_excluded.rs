//! Pages on which the whole site is silent, some of them only for some days.

use super::spec::Draft;
use super::{Check, Evidence, Outcome, list};
use crate::calendar::DateSpan;
use crate::context::Facts;
use crate::reason::Reason;
use crate::site::Exclusion;

impl Exclusion {
    fn tell(&self, facts: &Facts<'_>) -> String {
        let parts = [("sections", &self.sections), ("tags", &self.tags), ("kinds", &self.kinds)];
        let named = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let named = named.map(|(word, names)| format!("{word}: {}", facts.names.list(names)));
        let urls = self.urls.iter().map(|glob| format!("url: {glob}"));
        list(named.chain(urls), "every page")
    }
}

/// Belongs to the site, so that an appeal has nothing to keep for it but whether there are any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteExcluded {
    any: bool,
}

impl Check for SiteExcluded {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self { any: !draft.site.exclusions.is_empty() }
    }

    fn is_idle(&self) -> bool {
        !self.any
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        let opens_at_ms = DateSpan::first_outside(facts.excluded_days().iter().copied(), at_ms);
        Outcome::from_opening(opens_at_ms, at_ms, Reason::ExcludedPage)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let in_force = |exclusion: &&Exclusion| facts.is_meant(exclusion) && exclusion.span.has(facts.now_ms);
        let found = facts.site.exclusions.iter().filter(in_force).map(|exclusion| exclusion.tell(facts));
        let seen = list(found.map(|exclusion| format!("excluded by {exclusion}")), "not excluded");
        Evidence::new(seen, "a page that the site does not exclude")
    }
}
