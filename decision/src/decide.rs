//! The decision: who is shown which appeal, or why none.

use crate::compiled::Compiled;
use crate::context::Facts;
use crate::question::Question;
use crate::verdict::{Known, UnknownSite, Verdict};
use crate::walk::{Recorder, Unrecorded, walk};

/// Answers "show the appeal?" at `now_ms` (milliseconds since 1970).
///
/// The site's appeals are tried from the highest priority down; the first that passes every rule shows.
/// `draw` (0 to 999,999, thrown by the caller) picks the variant of a reader who sent no bucket.
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
    recorded(rules, question, known, now_ms, draw, &mut Unrecorded)
}

/// As [`decide`], with somebody who may watch.
pub(crate) fn recorded(
    rules: &Compiled,
    question: &Question<'_>,
    known: &Known,
    now_ms: i64,
    draw: u32,
    recorder: &mut impl Recorder,
) -> Result<Verdict, UnknownSite> {
    let site = rules.site(&question.site).ok_or_else(|| UnknownSite { site: question.site.to_string() })?;
    let facts = Facts::gather(&rules.names, &site.site, question, known, now_ms, draw);
    Ok(walk(site, &facts, recorder))
}
