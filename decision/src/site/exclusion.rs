//! Exclusions: pages on which the site shows no appeal. Some exclusions apply only on certain days.

use jiff::tz::TimeZone;

use crate::appeal_rules;
use crate::calendar::DateSpan;
use crate::diagnostics::Diagnostics;
use crate::glob::{Glob, globs};
use crate::names::{NameId, Names};

/// One of the site's exclusions.
#[derive(Clone, Debug)]
pub(crate) struct Exclusion {
    pub(crate) sections: Box<[NameId]>,
    pub(crate) tags: Box<[NameId]>,
    pub(crate) kinds: Box<[NameId]>,
    pub(crate) urls: Box<[Glob]>,
    pub(crate) span: DateSpan,
}

impl Exclusion {
    pub(crate) fn compile_all(
        written: &[appeal_rules::Exclusion],
        zone: &TimeZone,
        names: &mut Names,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Box<[Self]> {
        let one = |(place, written): (usize, &appeal_rules::Exclusion)| {
            let path = format!("exclusions[{place}]");
            if *written == appeal_rules::Exclusion::default() {
                let sentence = "the exclusion is empty: name pages or days, or use `kill_switch`.";
                diagnostics.problem(&path, sentence);
                return None;
            }
            let span = DateSpan::new(zone, written.first_date, written.last_date);
            if span.is_empty() {
                let sentence = "`last_date` is before `first_date`: swap the two.";
                diagnostics.problem(format!("{path}.last_date"), sentence);
            }
            Some(Self {
                sections: names.add_all(&format!("{path}.sections"), &written.sections, diagnostics),
                tags: names.add_all(&format!("{path}.tags"), &written.tags, diagnostics),
                kinds: names.add_all(&format!("{path}.kinds"), &written.kinds, diagnostics),
                urls: globs(&format!("{path}.urls"), &written.urls, diagnostics),
                span,
            })
        };
        written.iter().enumerate().filter_map(one).collect()
    }
}
