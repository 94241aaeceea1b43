//! Addresses an appeal is meant for, and addresses it keeps away from, by their path.

use super::spec::Draft;
use super::{Check, Evidence, Outcome, list};
use crate::context::Facts;
use crate::glob::{Glob, globs};
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Url {
    include: Box<[Glob]>,
    exclude: Box<[Glob]>,
}

impl Check for Url {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        let urls = &draft.rules.pages.urls;
        Self {
            include: globs("pages.urls.include", &urls.include, draft.complaints),
            exclude: globs("pages.urls.exclude", &urls.exclude, draft.complaints),
        }
    }

    fn is_idle(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        let fits = |globs: &[Glob]| facts.path().is_some_and(|path| globs.iter().any(|glob| glob.fits(path)));
        if fits(&self.exclude) {
            return Outcome::Blocked(Reason::ExcludedPage);
        }
        Outcome::pass_if(self.include.is_empty() || fits(&self.include), Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let tell = |globs: &[Glob]| list(globs.iter().map(ToString::to_string), "none");
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", tell(&self.include)),
            (true, false) => format!("none of: {}", tell(&self.exclude)),
            (false, false) => format!("one of: {}; none of: {}", tell(&self.include), tell(&self.exclude)),
        };
        Evidence::new(facts.path().unwrap_or("not told"), wanted)
    }
}
