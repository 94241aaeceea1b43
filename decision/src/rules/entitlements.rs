//! Requires or excludes entitlements of the reader. An entitlement is a right, such as reading the archive, that the
//! verified token grants.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Entitlements {
    include: Box<[Box<str>]>,
    exclude: Box<[Box<str>]>,
}

impl Check for Entitlements {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let written = &spec.rules.audience.entitlements;
        spec.report_all_excluded("audience.entitlements", &written.include, &written.exclude);
        let to_boxed = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        Self { include: to_boxed(&written.include), exclude: to_boxed(&written.exclude) }
    }

    fn is_noop(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let has_any_of = |names: &[Box<str>]| names.iter().any(|name| context.is_entitled(name));
        if has_any_of(&self.exclude) {
            return Outcome::Blocked(Reason::NotTargeted);
        }
        Outcome::pass_if(self.include.is_empty() || has_any_of(&self.include), Reason::NeedsEntitlement)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "no condition".to_owned(),
            (false, true) => format!("one of: {}", list(&self.include, "none")),
            (true, false) => format!("none of: {}", list(&self.exclude, "none")),
            (false, false) => {
                format!("one of: {}; none of: {}", list(&self.include, "none"), list(&self.exclude, "none"))
            }
        };
        Evidence::new(list(&context.known.entitlements, "none"), wanted)
    }
}
