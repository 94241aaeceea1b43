//! Pages on which the whole site is silent, some of them only for some days.

use jiff::tz::TimeZone;

use super::url::globs;
use super::{Check, Evidence, Outcome, list};
use crate::appeal_rules;
use crate::calendar::DateSpan;
use crate::compile::{Complaints, Draft, NameId, Names};
use crate::facts::Facts;
use crate::glob::Glob;
use crate::reason::Reason;

/// One of the site's exclusions.
#[derive(Clone, Debug)]
pub(crate) struct Exclusion {
    sections: Box<[NameId]>,
    tags: Box<[NameId]>,
    kinds: Box<[NameId]>,
    urls: Box<[Glob]>,
    span: DateSpan,
}

impl Exclusion {
    pub(crate) fn compile_all(
        written: &[appeal_rules::Exclusion],
        zone: &TimeZone,
        names: &mut Names,
        complaints: &mut Complaints<'_>,
    ) -> Box<[Self]> {
        let one = |(place, written): (usize, &appeal_rules::Exclusion)| {
            let path = format!("exclusions[{place}]");
            if *written == appeal_rules::Exclusion::default() {
                complaints
                    .problem(&path, "it names nothing: say which pages or which days, or use kill_switch.");
                return None;
            }
            let span = DateSpan::new(zone, written.first_date, written.last_date);
            if span.is_empty() {
                complaints.problem(format!("{path}.last_date"), "it ends before it begins: swap the two.");
            }
            Some(Self {
                sections: names.add_all(&format!("{path}.sections"), &written.sections, complaints),
                tags: names.add_all(&format!("{path}.tags"), &written.tags, complaints),
                kinds: names.add_all(&format!("{path}.kinds"), &written.kinds, complaints),
                urls: globs(&format!("{path}.urls"), &written.urls, complaints),
                span,
            })
        };
        written.iter().enumerate().filter_map(one).collect()
    }

    /// The days on which this page is excluded, if it ever is.
    pub(crate) fn days(&self, facts: &Facts<'_>) -> Option<DateSpan> {
        let has = |names: &[NameId], name: &NameId| names.binary_search(name).is_ok();
        let all =
            self.sections.is_empty() && self.tags.is_empty() && self.kinds.is_empty() && self.urls.is_empty();
        let meets = all
            || facts.section.is_some_and(|section| has(&self.sections, &section))
            || facts.tags.iter().any(|tag| has(&self.tags, tag))
            || facts.page_kind.is_some_and(|kind| has(&self.kinds, &kind))
            || facts.path().is_some_and(|path| self.urls.iter().any(|glob| glob.fits(path)));
        meets.then_some(self.span)
    }

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
        let in_force =
            |exclusion: &&Exclusion| exclusion.days(facts).is_some_and(|days| days.has(facts.now_ms));
        let found = facts.site.exclusions.iter().filter(in_force).map(|exclusion| exclusion.tell(facts));
        let seen = list(found.map(|exclusion| format!("excluded by {exclusion}")), "not excluded");
        Evidence::new(seen, "a page that the site does not exclude")
    }
}
