//! Asks whether an appeal shows, with the same code that answers readers. This is the only file of the simulation that
//! calls that code.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keepopen_decision::{
    AppealIndex, Dismissed, History, Kind, Known, Question, Reason, UnknownSite, Verdict, View, decide,
};

use super::memory::Memory;
use super::page_view::Support;
use crate::appeals::{AppealDocument, AppealProblem, PublishedAppeal, Snapshot};
use crate::sites::SiteSettings;

/// The source of appeals, for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file's name, or a description.
    pub name: String,
    /// The ids of appeals that are not live in the source but count as live in the simulation.
    pub taken_as_live: Vec<String>,
    /// The ids of invalid appeals, which are skipped, as in the service.
    pub left_out: Vec<String>,
}

/// A set of compiled appeals.
pub struct RuleSet {
    snapshot: Snapshot,
    /// The source of the appeals.
    pub source: Source,
}

/// The answer to a page view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An appeal is shown.
    Shown {
        /// The appeal's index in the rule set.
        appeal: usize,
        /// The variant's index in the appeal.
        variant: usize,
        /// The kind of appeal: what it asks for.
        kind: Kind,
        /// Whether the reader can dismiss the appeal.
        closable: bool,
    },
    /// No appeal is shown, for this reason.
    NotShown(Reason),
}

impl RuleSet {
    /// Compiles `documents` as the service does. `problems` are the problems that were found when the documents were
    /// read.
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

    /// Returns the appeals of the rule set, in order.
    pub fn appeals(&self) -> impl Iterator<Item = &PublishedAppeal> {
        self.snapshot.appeals().iter()
    }

    fn appeal(&self, index: usize) -> &PublishedAppeal {
        self.snapshot.appeal(AppealIndex(index))
    }

    /// Replaces the views and dismissals in `history` with those that this browser remembers.
    pub fn fill_history<'q>(&'q self, history: &mut History<'q>, memory: &Memory, now_ms: i64) {
        let (seen, dismissals) = memory.entries_at(now_ms);
        history.views.clear();
        history.views.extend(seen.map(|seen| {
            let appeal = self.appeal(seen.appeal);
            let variant = Some(appeal.variants[seen.variant].id.as_str().into());
            View { appeal: appeal.id.as_str().into(), variant, at: timestamp(seen.at_ms) }
        }));
        history.dismissals.clear();
        history.dismissals.extend(dismissals.map(|dismissal| Dismissed {
            appeal: self.appeal(dismissal.appeal).id.as_str().into(),
            kind: dismissal.kind,
            at: timestamp(dismissal.at_ms),
        }));
    }

    /// Asks whether an appeal shows. `question` is the content of a banner request. If it has no bucket (the number by
    /// which a reader gets the same variant again), `draw` (0 to 999,999) replaces the bucket.
    ///
    /// # Errors
    /// The question names a site that is not in the settings.
    pub fn ask(
        &self,
        question: &Question<'_>,
        support: &Support,
        now_ms: i64,
        draw: u32,
    ) -> Result<Answer, UnknownSite> {
        let mut known = Known::without_token();
        known.standing = support.standing;
        known.quiet_until_ms = support.quiet_until_ms;
        known.entitlements.clone_from(&support.entitlements);
        let verdict = decide(&self.snapshot.compiled, question, &known, now_ms, draw)?;
        Ok(match verdict {
            Verdict::Show { appeal, variant, kind, closable, .. } => {
                Answer::Shown { appeal: appeal.0, variant, kind, closable }
            }
            other => Answer::NotShown(other.reason()),
        })
    }
}

/// Converts milliseconds to a timestamp. This can't fail, because the time was parsed from a [`Timestamp`].
fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or_default()
}
