//! Generates appeals, sites and questions from few values, so that rules often match readers.

mod appeal;
mod question;
mod site;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub use appeal::appeals;
pub use question::{day, known, question};
pub use site::site;

use keepopen_decision::{Blackout, Hours, Moment, Surface, Weekday};
use proptest::option;

pub const HOUR_MS: i64 = 3_600_000;
/// Noon UTC on 2026-06-15, in milliseconds since 1970.
pub const NOON_MS: i64 = 1_781_524_800_000;

/// Generates a time within fifty days of [`NOON_MS`]. It is exact to the millisecond, but often on a whole hour.
pub fn time() -> impl Strategy<Value = Timestamp> {
    (-1200_i64..1200, prop_oneof![4 => Just(0), 1 => 0..HOUR_MS]).prop_map(|(hours, rest_ms)| {
        Timestamp::from_millisecond(NOON_MS + hours * HOUR_MS + rest_ms)
            .expect("a time near noon must be valid")
    })
}

fn names(all: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let some = subsequence(all, 0..=2).prop_map(|names| names.into_iter().map(str::to_owned).collect());
    prop_oneof![7 => Just(Vec::new()), 1 => some]
}

const SECTIONS: &[&str] = &["politics", "sport", "Économie"];
const TAGS: &[&str] = &["china", "trade", "football", "sport"];
const KINDS: &[&str] = &["article", "front", "gallery"];
const COUNTRIES: &[&str] = &["IE", "GB", "FR", "islands"];
const REGIONS: &[&str] = &["IE-L", "FR-75C"];
const LANGUAGES: &[&str] = &["en", "en-IE", "fr"];
const ENTITLEMENTS: &[&str] = &["archive", "puzzles"];
const TRAITS: &[&str] = &["print_subscriber", "staff"];
const URLS: &[&str] = &["/sport/*", "*/live", "/politics/*/deep"];

/// Generates a time of day, on the hour or a quarter past, or none.
fn time_of_day() -> impl Strategy<Value = Option<String>> {
    option::of((0..24_u32, select(&["00", "15"])).prop_map(|(hour, minute)| format!("{hour:02}:{minute}")))
}

fn hours() -> impl Strategy<Value = Hours> {
    (subsequence(&Weekday::ALL, 0..4), time_of_day(), time_of_day()).prop_map(|(days, from, to)| Hours {
        days,
        from,
        to,
    })
}

pub fn blackout() -> impl Strategy<Value = Blackout> {
    let date = || option::of(time().prop_map(|at| jiff::tz::TimeZone::UTC.to_datetime(at).date()));
    prop_oneof![
        hours().prop_map(|Hours { days, from, to }| Blackout { days, from, to, ..Blackout::default() }),
        (date(), date()).prop_map(|(first_date, last_date)| Blackout {
            first_date,
            last_date,
            ..Blackout::default()
        }),
        (option::of(time().prop_map(Moment::Exact)), option::of(time().prop_map(Moment::Exact)))
            .prop_map(|(starts_at, ends_at)| Blackout { starts_at, ends_at, ..Blackout::default() }),
    ]
}

fn surfaces() -> impl Strategy<Value = Vec<Surface>> {
    subsequence(&Surface::ALL, 1..=3).prop_shuffle()
}
