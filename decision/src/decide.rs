//! The decision: which appeal a reader sees, or why the reader sees none.

use crate::compiled::{Compiled, CompiledSite, SiteAppeals};
use crate::context::ReaderContext;
use crate::question::Question;
use crate::verdict::{Known, UnknownSite, Verdict};
use crate::walk::{Unrecorded, walk};

/// A question (a request for a decision) about the appeals of one compiled site.
///
/// The reader's context is gathered once, in [`Decision::new`]. The verdict, its explanation and the values for
/// the copy text all use it.
pub struct Decision<'q> {
    pub(crate) appeals: &'q SiteAppeals,
    pub(crate) context: ReaderContext<'q>,
}

impl<'q> Decision<'q> {
    /// Gathers the reader's context for `question` at `now_ms` (milliseconds since 1970).
    ///
    /// `draw` is a random number from 0 to 999,999. It chooses the appeal and the variant for a reader who sent no
    /// bucket (the number that the browser keeps).
    #[inline]
    pub fn new(
        site: CompiledSite<'q>,
        question: &'q Question<'q>,
        known: &'q Known,
        now_ms: i64,
        draw: u32,
    ) -> Self {
        let CompiledSite { names, appeals } = site;
        // This does not return a `Result` on purpose: a `Result` would copy the context, which is large.
        Self { appeals, context: ReaderContext::gather(names, &appeals.site, question, known, now_ms, draw) }
    }

    /// Evaluates the site's appeals from the highest priority down. At each priority, at most one of the appeals that
    /// pass every rule is chosen for the reader. The first chosen appeal shows.
    #[inline]
    pub fn verdict(&self) -> Verdict {
        walk(self.appeals, &self.context, &mut Unrecorded)
    }
}

/// Decides one question: [`Decision::new`] and [`Decision::verdict`] in one call.
///
/// # Errors
/// The question names a site that was not compiled.
pub fn decide(
    rules: &Compiled,
    question: &Question<'_>,
    known: &Known,
    now_ms: i64,
    draw: u32,
) -> Result<Verdict, UnknownSite> {
    let site = rules.site(&question.site)?;
    Ok(Decision::new(site, question, known, now_ms, draw).verdict())
}
