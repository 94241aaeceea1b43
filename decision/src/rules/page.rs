//! Includes or excludes sections and tags. An appeal does not show on a page with any excluded section or tag. If
//! sections or tags are included, a page needs at least one of them.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::names::NameId;
use crate::reason::Reason;

/// The sections and tags that an appeal includes or excludes.
#[derive(Clone, Debug)]
struct SectionsAndTags {
    sections: Box<[NameId]>,
    tags: Box<[NameId]>,
}

impl SectionsAndTags {
    fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.tags.is_empty()
    }

    /// Whether the page's section or one of its tags is listed.
    fn matches_page(&self, context: &ReaderContext<'_>) -> bool {
        context.section.is_some_and(|section| self.sections.binary_search(&section).is_ok())
            || context.tags.iter().any(|tag| self.tags.binary_search(tag).is_ok())
    }

    fn describe(&self, context: &ReaderContext<'_>) -> String {
        format!("sections: {}; tags: {}", context.names.list(&self.sections), context.names.list(&self.tags))
    }
}

/// Describes the page's section and tags as the page sent them, including those that no rule uses.
fn describe_page(context: &ReaderContext<'_>) -> String {
    let page = &context.question.page;
    let tags: Vec<&str> = page.tags.iter().map(|tag| &**tag).collect();
    let tags = if tags.is_empty() { "none".to_owned() } else { tags.join(", ") };
    format!("section: {}; tags: {tags}", page.section.as_deref().unwrap_or("none"))
}

#[derive(Clone, Debug)]
pub(crate) struct PageExcluded(SectionsAndTags);

impl Check for PageExcluded {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let pages = &spec.rules.pages;
        Self(SectionsAndTags {
            sections: spec.names("pages.sections.exclude", &pages.sections.exclude),
            tags: spec.names("pages.tags.exclude", &pages.tags.exclude),
        })
    }

    fn is_noop(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(!self.0.matches_page(context), Reason::ExcludedPage)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = if self.0.is_empty() {
            "any".to_owned()
        } else {
            format!("none of: {}", self.0.describe(context))
        };
        Evidence::new(describe_page(context), wanted)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PageTargeted(SectionsAndTags);

impl PageTargeted {
    /// Returns the sections and tags of which a page needs at least one. Returns `None` if every page matches.
    pub(crate) fn names(&self) -> Option<impl Iterator<Item = NameId> + '_> {
        (!self.0.is_empty()).then(|| self.0.sections.iter().chain(&self.0.tags).copied())
    }
}

impl Check for PageTargeted {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let pages = &spec.rules.pages;
        let sections = spec.names("pages.sections.include", &pages.sections.include);
        let tags = spec.names("pages.tags.include", &pages.tags.include);
        // If every included section is also excluded, no page can match, unless tags are included too. The same applies
        // to tags.
        if tags.is_empty() {
            let excluded = spec.names("pages.sections.exclude", &pages.sections.exclude);
            spec.report_all_excluded("pages.sections", &sections, &excluded);
        }
        if sections.is_empty() {
            let excluded = spec.names("pages.tags.exclude", &pages.tags.exclude);
            spec.report_all_excluded("pages.tags", &tags, &excluded);
        }
        Self(SectionsAndTags { sections, tags })
    }

    fn is_noop(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0.is_empty() || self.0.matches_page(context), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = if self.0.is_empty() {
            "any".to_owned()
        } else {
            format!("one of: {}", self.0.describe(context))
        };
        Evidence::new(describe_page(context), wanted)
    }
}
