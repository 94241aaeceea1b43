//! The input from which each rule compiles its part of an appeal.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::appeal_rules::{AppealRules, Zone};
use crate::choice::Variants;
use crate::diagnostics::Diagnostics;
use crate::names::{NameId, Names};
use crate::site::Site;

/// An appeal that is compiled for one site: its rules as the author wrote them, the site, the names, and the
/// diagnostics.
pub(crate) struct AppealSpec<'a, 'b> {
    pub(crate) rules: &'a AppealRules,
    /// The key by which the reader's context identifies the appeal.
    pub(crate) key: u32,
    pub(crate) site: &'b Site,
    pub(crate) variants: &'b Arc<Variants>,
    pub(crate) names: &'b mut Names,
    pub(crate) diagnostics: &'b mut Diagnostics<'a>,
}

impl AppealSpec<'_, '_> {
    pub(crate) fn problem(&mut self, field_path: impl Into<String>, sentence: impl Into<String>) {
        self.diagnostics.problem(field_path, sentence);
    }

    /// Returns the time zone of the appeal's schedule.
    pub(crate) fn zone(&self) -> TimeZone {
        match self.rules.schedule.time_zone {
            Zone::Site => self.site.time_zone.clone(),
            Zone::Utc => TimeZone::UTC,
        }
    }

    /// Reports a problem if every included item is also excluded.
    pub(crate) fn report_all_excluded<T: PartialEq>(
        &mut self,
        field_path: &str,
        include: &[T],
        exclude: &[T],
    ) {
        if !include.is_empty() && include.iter().all(|name| exclude.contains(name)) {
            self.problem(
                format!("{field_path}.include"),
                "each included entry is also excluded, so nothing can match: correct one of the lists.",
            );
        }
    }

    /// Whether the appeal is a wall that can't be closed and that only an entitlement opens.
    pub(crate) fn is_hard(&self) -> bool {
        self.rules.meter.as_ref().is_some_and(|meter| meter.hard)
    }

    /// Returns the appeal's campaign as a number.
    pub(crate) fn campaign(&mut self) -> Option<NameId> {
        let campaign = self.rules.campaign.as_deref()?;
        if campaign.trim().is_empty() {
            self.problem("campaign", "the name is empty: write a name, or remove the field.");
            return None;
        }
        Some(self.names.add(campaign))
    }

    /// Returns the number of a name that at least one rule uses.
    pub(crate) fn name(&self, name: &str) -> Option<NameId> {
        self.names.find(name)
    }

    /// Replaces a list of names with numbers, and sorts them.
    pub(crate) fn names(&mut self, field_path: &str, names: &[String]) -> Box<[NameId]> {
        self.names.add_all(field_path, names, self.diagnostics)
    }
}
