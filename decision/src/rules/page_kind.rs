//! Kinds of page an appeal is meant for, and kinds it keeps away from.

use super::spec::Draft;
use super::{Check, Evidence, Outcome};
use crate::context::Facts;
use crate::names::NameId;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct PageKind {
    include: Box<[NameId]>,
    exclude: Box<[NameId]>,
}

impl Check for PageKind {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let kinds = &draft.rules.pages.kinds;
        let include = draft.names("pages.kinds.include", &kinds.include);
        let exclude = draft.names("pages.kinds.exclude", &kinds.exclude);
        draft.refuse_shadowed("pages.kinds", &include, &exclude);
        Self { include, exclude }
    }

    fn is_idle(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        let is_in = |list: &[NameId]| facts.page_kind.is_some_and(|kind| list.contains(&kind));
        if is_in(&self.exclude) {
            return Outcome::Blocked(Reason::ExcludedPage);
        }
        Outcome::pass_if(self.include.is_empty() || is_in(&self.include), Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", facts.names.list(&self.include)),
            (true, false) => format!("none of: {}", facts.names.list(&self.exclude)),
            (false, false) => format!(
                "one of: {}; none of: {}",
                facts.names.list(&self.include),
                facts.names.list(&self.exclude)
            ),
        };
        Evidence::new(facts.question.page.kind.as_deref().unwrap_or("not told"), wanted)
    }
}
