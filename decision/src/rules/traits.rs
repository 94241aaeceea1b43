//! Requires or excludes traits: properties of a reader that the site defines and its pages send, such as
//! `print_subscriber`. A trait that is not sent is absent.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::context::ReaderContext;
use crate::names::NameId;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Traits {
    include: Box<[NameId]>,
    exclude: Box<[NameId]>,
}

/// Replaces names with numbers. Reports names that are not among the site's traits, because no reader could ever have
/// them.
fn checked_names(spec: &mut AppealSpec<'_, '_>, field_path: &str, names: &[String]) -> Box<[NameId]> {
    let ids = spec.names(field_path, names);
    for (place, name) in names.iter().enumerate().filter(|(_, name)| !name.trim().is_empty()) {
        let site = spec.site;
        if site.id.is_empty() || spec.name(name).is_some_and(|id| site.traits.binary_search(&id).is_ok()) {
            continue;
        }
        let sentence = format!(
            "{name:?} is not a trait of site {:?}: add it to traits in [sites.{}.rules], or remove it here.",
            site.id, site.id
        );
        spec.problem(format!("{field_path}[{place}]"), sentence);
    }
    ids
}

impl Check for Traits {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let written = &spec.rules.audience.traits;
        let include = checked_names(spec, "audience.traits.include", &written.include);
        let exclude = checked_names(spec, "audience.traits.exclude", &written.exclude);
        spec.report_all_excluded("audience.traits", &include, &exclude);
        Self { include, exclude }
    }

    fn is_noop(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let has_any_of =
            |names: &[NameId]| context.traits().iter().any(|name| names.binary_search(name).is_ok());
        let passes = !has_any_of(&self.exclude) && (self.include.is_empty() || has_any_of(&self.include));
        Outcome::pass_if(passes, Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let names = |ids: &[NameId]| context.names.list(ids);
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", names(&self.include)),
            (true, false) => format!("none of: {}", names(&self.exclude)),
            (false, false) => format!("one of: {}; none of: {}", names(&self.include), names(&self.exclude)),
        };
        Evidence::new(list(context.question.reader.traits.iter().map(|name| &**name), "none"), wanted)
    }
}
