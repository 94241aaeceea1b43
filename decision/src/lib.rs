//! Who is asked for support, and why.
//!
//! **Owns** the decision: rules, the reader's context and the time go in, a verdict with its reason comes out.
//! **Never** does I/O, asks a clock, throws dice or waits; the same input gives the same verdict for ever.
//! **Start at** `decide.rs`, then `walk.rs` for the way and `rules/mod.rs` for the order of the rules.
//! **Tested in** `cases/` (played by `tests/decision/cases.rs`), and the rest of `tests/decision/`.

mod appeal_rules;
pub mod bandit;
mod calendar;
mod choice;
mod compile;
mod country;
mod course;
mod decide;
mod explain;
mod facts;
mod glob;
mod near_misses;
mod objects;
mod question;
mod reason;
mod rules;
mod text;
mod usual;
mod values;
mod verdict;
mod walk;
mod words;

pub use appeal_rules::{
    AppealRules, Articles, Audience, Blackout, CoolDown, Countries, Dismissal, Exclusion, Frequency, Hours,
    MAX_METER_DAYS, Meter, Moment, Pages, Percent, Redeploy, Schedule, Selection, SiteFrequency, SiteRules,
    Step, Upsell, VariantRules, Weekday, Zone,
};
pub use choice::bucket_of;
pub use compile::{Compiled, LearnedWeights, Learner, Problem, Stage, compile, past_ends, stages_of};
pub use country::CountryCode;
pub use decide::decide;
pub use explain::{AppealExplanation, Explanation, RuleExplanation, explain};
pub use near_misses::{NearMisses, near_miss};
pub use question::{ArticleDay, ArticleWeek, Dismissed, History, Page, Question, Reader, TagCounts, View};
pub use reason::Reason;
pub use rules::Rule;
pub use text::Text;
pub use usual::{WrittenCounts, usual_question};
pub use values::Values;
pub use verdict::{AppealIndex, HELD_OUT, Known, UnknownSite, Verdict};
pub use words::{
    Assignment, Consent, Device, DismissalKind, Kind, Live, NeverCovers, ReaderKind, Standing, Surface,
    Trend, UnknownCountry, Value, WithoutHistory,
};

/// First instant at which somebody who gave at `gave_at_ms` may be asked again, in milliseconds since 1970.
///
/// A giver stays quiet while the whole days since the gift are `<= quiet_days`: with 90, day 90 is still quiet.
pub fn quiet_until_ms(gave_at_ms: i64, quiet_days: u32) -> i64 {
    gave_at_ms.saturating_add((i64::from(quiet_days) + 1) * DAY_MS)
}

/// The first instant of a moment that is written in that time zone (IANA), in milliseconds since 1970; `None` where there is no such zone.
pub fn begins_at_ms(moment: Moment, time_zone: &str) -> Option<i64> {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(time_zone).ok()?;
    Some(compile::moment_ms(&zone, moment, false))
}

/// Length of a whole elapsed day in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
