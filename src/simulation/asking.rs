//! Asks the decision, with the same code that answers readers. No other file here does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keepopen_decision::{
    AppealIndex, Dismissed, History, Kind, Known, Question, Reason, UnknownSite, Verdict, View, decide,
};

use super::memory::Memory;
use super::page_view::Support;
use crate::appeals::{AppealDocument, AppealProblem, PublishedAppeal, Snapshot};
use crate::sites::SiteSettings;

/// Where appeals come from, for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file, or a description.
    pub name: String,
    /// The ids of appeals that are not live there, and count as live here.
    pub taken_as_live: Vec<String>,
    /// The ids of invalid appeals, which are skipped as in the service.
    pub left_out: Vec<String>,
}

/// Compiled appeals.
pub struct RuleSet {
    snapshot: Snapshot,
    /// Where they come from.
    pub source: Source,
}

/// The answer to a page view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An appeal.
    Shown {
        /// Its index in the rule set.
        appeal: usize,
        /// The variant's index in the appeal.
        variant: usize,
        /// What it asks for.
        kind: Kind,
        /// Whether the reader may dismiss it.
        closable: bool,
    },
    /// No appeal, and why.
    Silent(Reason),
}

impl RuleSet {
    /// Compiles `documents` as the service does. `problems` are those found when reading them.
    pub fn new(
        sites: &BTreeMap<String, SiteSettings>,
        documents: &[AppealDocument],
        problems: Vec<AppealProblem>,
        mut source: Source,
    ) -> Self {
        let snapshot = Snapshot::build(sites, documents, problems);
        source.left_out = snapshot.problems.iter().map(|problem| problem.appeal.clone()).collect();
        source.left_out.dedup();
        Self { snapshot, source }
    }

    /// Its appeals, in order.
    pub fn appeals(&self) -> impl Iterator<Item = &PublishedAppeal> {
        self.snapshot.appeals().iter()
    }

    fn appeal(&self, place: usize) -> &PublishedAppeal {
        self.snapshot.appeal(AppealIndex(place))
    }

    /// Adds to `history` what this browser remembers of these appeals.
    pub fn remind<'q>(&'q self, history: &mut History<'q>, memory: &Memory, now_ms: i64) {
        let (seen, sent_away) = memory.told(now_ms);
        history.views.clear();
        history.views.extend(seen.map(|seen| {
            let appeal = self.appeal(seen.appeal);
            let variant = Some(appeal.variants[seen.variant].id.as_str().into());
            View { appeal: appeal.id.as_str().into(), variant, at: time(seen.at_ms) }
        }));
        history.dismissals.clear();
        history.dismissals.extend(sent_away.map(|sent| Dismissed {
            appeal: self.appeal(sent.appeal).id.as_str().into(),
            kind: sent.kind,
            at: time(sent.at_ms),
        }));
    }

    /// Asks whether an appeal shows. `draw` (0 to 999,999) stands in for a missing bucket.
    ///
    /// # Errors
    /// The question names a site that the settings don't have.
    pub fn ask(
        &self,
        question: &Question<'_>,
        support: &Support,
        now_ms: i64,
        draw: u32,
    ) -> Result<Answer, UnknownSite> {
        let mut known = Known::nobody();
        known.standing = support.standing;
        known.quiet_until_ms = support.quiet_until_ms;
        known.entitlements.clone_from(&support.entitlements);
        let verdict = decide(&self.snapshot.compiled, question, &known, now_ms, draw)?;
        Ok(match verdict {
            Verdict::Show { appeal, variant, kind, closable, .. } => {
                Answer::Shown { appeal: appeal.0, variant, kind, closable }
            }
            nothing => Answer::Silent(nothing.reason()),
        })
    }
}

/// A page view's time was parsed from a [`Timestamp`], so the conversion back can't fail.
fn time(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or_default()
}
