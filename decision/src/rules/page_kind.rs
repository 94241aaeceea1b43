//! Includes or excludes kinds of page, such as `article` or `front`.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::names::NameId;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct PageKind {
    include: Box<[NameId]>,
    exclude: Box<[NameId]>,
}

impl Check for PageKind {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let kinds = &spec.rules.pages.kinds;
        let include = spec.names("pages.kinds.include", &kinds.include);
        let exclude = spec.names("pages.kinds.exclude", &kinds.exclude);
        spec.report_all_excluded("pages.kinds", &include, &exclude);
        Self { include, exclude }
    }

    fn is_noop(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let is_in = |list: &[NameId]| context.page_kind.is_some_and(|kind| list.contains(&kind));
        if is_in(&self.exclude) {
            return Outcome::Blocked(Reason::ExcludedPage);
        }
        Outcome::pass_if(self.include.is_empty() || is_in(&self.include), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", context.names.list(&self.include)),
            (true, false) => format!("none of: {}", context.names.list(&self.exclude)),
            (false, false) => format!(
                "one of: {}; none of: {}",
                context.names.list(&self.include),
                context.names.list(&self.exclude)
            ),
        };
        Evidence::new(context.question.page.kind.as_deref().unwrap_or("unknown"), wanted)
    }
}
