//! Includes or excludes pages by the path of their URL.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::context::ReaderContext;
use crate::glob::{Glob, globs};
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Url {
    include: Box<[Glob]>,
    exclude: Box<[Glob]>,
}

impl Check for Url {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let urls = &spec.rules.pages.urls;
        Self {
            include: globs("pages.urls.include", &urls.include, spec.diagnostics),
            exclude: globs("pages.urls.exclude", &urls.exclude, spec.diagnostics),
        }
    }

    fn is_noop(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let matches_any =
            |globs: &[Glob]| context.path().is_some_and(|path| globs.iter().any(|glob| glob.fits(path)));
        if matches_any(&self.exclude) {
            return Outcome::Blocked(Reason::ExcludedPage);
        }
        Outcome::pass_if(self.include.is_empty() || matches_any(&self.include), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let describe = |globs: &[Glob]| list(globs.iter().map(ToString::to_string), "none");
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", describe(&self.include)),
            (true, false) => format!("none of: {}", describe(&self.exclude)),
            (false, false) => {
                format!("one of: {}; none of: {}", describe(&self.include), describe(&self.exclude))
            }
        };
        Evidence::new(context.path().unwrap_or("unknown"), wanted)
    }
}
