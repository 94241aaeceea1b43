//! Stops an appeal on pages that the site excludes. Some exclusions apply only on certain days.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::calendar::DateSpan;
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::site::Exclusion;

impl Exclusion {
    fn describe(&self, context: &ReaderContext<'_>) -> String {
        let parts = [("sections", &self.sections), ("tags", &self.tags), ("kinds", &self.kinds)];
        let named = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let named = named.map(|(field, names)| format!("{field}: {}", context.names.list(names)));
        let urls = self.urls.iter().map(|glob| format!("url: {glob}"));
        let criteria: Vec<String> = named.chain(urls).collect();
        if criteria.is_empty() { "every page".to_owned() } else { criteria.join("; ") }
    }
}

/// The exclusions themselves belong to the site. An appeal stores only whether the site has exclusions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteExcluded {
    has_exclusions: bool,
}

impl Check for SiteExcluded {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self { has_exclusions: !spec.site.exclusions.is_empty() }
    }

    fn is_noop(&self) -> bool {
        !self.has_exclusions
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let opens_at_ms = DateSpan::first_outside(context.excluded_days().iter().copied(), at_ms);
        Outcome::from_opening(opens_at_ms, at_ms, Reason::ExcludedPage)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let is_active =
            |exclusion: &&Exclusion| context.is_excluded_by(exclusion) && exclusion.span.has(context.now_ms);
        let found =
            context.site.exclusions.iter().filter(is_active).map(|exclusion| exclusion.describe(context));
        let exclusions = list(found.map(|exclusion| format!("[{exclusion}]")), "");
        let seen = if exclusions.is_empty() {
            "not excluded".to_owned()
        } else {
            format!("excluded by the site: {exclusions}")
        };
        Evidence::new(seen, "a page that the site does not exclude")
    }
}
