//! Who is asked for support, and why.
//!
//! **Owns** the decision: rules, the reader's context and the time go in, a verdict with its reason comes out.
//! **Never** does I/O, asks a clock, throws dice or waits; the same input gives the same verdict for ever.
//! **Start at** `decide.rs`, then `walk/mod.rs` for the way and `rules/mod.rs` for the order of the rules.
//! **Tested in** `cases/` (played by `tests/decision/cases.rs`), and the rest of `tests/decision/`.

// From the ground floor up: a module uses those above it. `tests/house/layers.rs` in the project's root holds the floors.
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
pub use compile::{LearnedWeights, Learner, Stage, compile, past_ends, stages_of};
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
    ArticleDay, ArticleWeek, Dismissed, History, NearMisses, Page, Question, Reader, TagCounts, Text, View,
    WrittenCounts, fast_question, near_miss,
};
pub use reason::Reason;
pub use rules::Rule;
pub use values::Values;
pub use verdict::{AppealIndex, HELD_OUT, Known, UnknownSite, Verdict};

/// First instant at which somebody who gave at `gave_at_ms` may be asked again, in milliseconds since 1970.
///
/// A giver stays quiet while the whole days since the gift are `<= quiet_days`: with 90, day 90 is still quiet.
pub fn quiet_until_ms(gave_at_ms: i64, quiet_days: u32) -> i64 {
    gave_at_ms.saturating_add((i64::from(quiet_days) + 1) * calendar::DAY_MS)
}

/// The first instant of a moment that is written in that time zone (IANA), in milliseconds since 1970; `None` where there is no such zone.
pub fn begins_at_ms(moment: Moment, time_zone: &str) -> Option<i64> {
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(time_zone).ok()?;
    Some(timing::moment_ms(&zone, moment, false))
}
