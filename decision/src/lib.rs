//! Decides which appeal a reader sees, and why.
//!
//! **Owns** the decision: it takes rules, a reader's context and the time, and returns a verdict with its reason.
//! **Never** does I/O, reads a clock, draws a random number or waits. The same input always gives the same verdict.
//! **Start at** `decide.rs`. Continue with `walk/mod.rs` for the order in which appeals are evaluated, and
//! `rules/mod.rs` for the rules.
//! **Tested in** `cases/` (run by `tests/decision/cases.rs`), and the rest of `tests/decision/`.

// The modules are layers, lowest first. A module may only use modules of earlier layers. `tests/house/layers.rs` in the
// workspace root checks this.
pub mod bandit;
mod buckets;
mod country;
mod diagnostics;
mod labels;
mod reason;

mod calendar;
mod glob;
mod names;
mod verdict;

mod appeal_rules;
mod question;

mod timing;

mod site;

mod context;

mod choice;

mod rules;

mod compiled;

mod compile;
mod walk;

mod decide;

mod explain;
mod values;

pub use appeal_rules::{
    AppealRules, Articles, Audience, Blackout, CoolDown, Countries, Dismissal, Exclusion, Frequency, Hours,
    MAX_METER_DAYS, Meter, Moment, Pages, Percent, Redeploy, Schedule, Selection, SiteFrequency, SiteRules,
    Step, Upsell, VariantRules, Zone,
};
pub use buckets::bucket_of;
pub use compile::{LearnedWeights, Learner, Stage, compile, problems_of_ended_schedules, stages_of};
pub use compiled::{Compiled, CompiledSite};
pub use country::CountryCode;
pub use decide::{Decision, decide};
pub use diagnostics::Problem;
pub use explain::{AppealExplanation, Explanation, RuleExplanation, explain};
pub use labels::{
    Assignment, Consent, Device, DismissalKind, Kind, Live, NeverCovers, ReaderKind, Standing, Surface,
    Trend, UnknownCountry, Value, Weekday, WithoutHistory,
};
pub use question::{
    ArticleDay, ArticleWeek, Dismissed, History, NearMisses, Page, Question, Reader, TagCounts, Text,
    UnparsedCounts, View, fast_question, near_miss,
};
pub use reason::Reason;
pub use rules::Rule;
pub use values::TemplateValues;
pub use verdict::{AppealIndex, HELD_OUT, Known, UnknownSite, Verdict};

/// Returns the first instant at which a reader who gave at `gave_at_ms` may be asked again, in milliseconds since 1970.
///
/// The reader is not asked while the number of whole days since the gift is at most `quiet_days`. With 90, the reader
/// is not asked on day 90 either.
pub fn quiet_until_ms(gave_at_ms: i64, quiet_days: u32) -> i64 {
    gave_at_ms.saturating_add((i64::from(quiet_days) + 1) * calendar::DAY_MS)
}

/// Converts a [`Moment`] (a time as an author writes it) in an IANA time zone to milliseconds since 1970. A date counts
/// as the first minute of the day. Returns `None` if the zone does not exist.
pub fn begins_at_ms(moment: Moment, time_zone: &str) -> Option<i64> {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(time_zone).ok()?;
    Some(timing::moment_ms(&zone, moment, false))
}
