//! Time and randomness. This is the only file that reads them from the machine.
//!
//! All other code gets a [`Clock`] or a value as an argument. This lets a test move the time, and a function's
//! arguments show what the function depends on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Milliseconds in one day.
pub const DAY_MS: i64 = 86_400_000;

/// A source of the current time: the machine's clock, or one that a test moves.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that does not advance until it is moved. It contains the time in milliseconds since 1970.
    Movable(Arc<AtomicI64>),
}

impl Clock {
    /// Creates a clock that shows `at` until [`Clock::advance`] moves it.
    pub fn movable(at: Timestamp) -> Self {
        Self::Movable(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// The current time, in milliseconds since 1970 (UTC).
    #[expect(clippy::disallowed_methods, reason = "only this file may read the machine's clock")]
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Movable(at_ms) => at_ms.load(Ordering::SeqCst),
        }
    }

    /// The time since a fixed moment. Unlike [`Clock::now_ms`], it never goes backwards. Used for rate limits.
    #[expect(clippy::disallowed_methods, reason = "only this file may read the machine's clock")]
    pub fn steady(&self) -> Duration {
        static FIXED_MOMENT: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => FIXED_MOMENT.elapsed(),
            Self::Movable(at_ms) => {
                Duration::from_millis(u64::try_from(at_ms.load(Ordering::SeqCst)).unwrap_or(0))
            }
        }
    }

    /// Moves a movable clock forward by `by_ms` milliseconds. Has no effect on the machine's clock.
    pub fn advance(&self, by_ms: i64) {
        if let Self::Movable(at_ms) = self {
            at_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

/// Measures how long something takes. Tests can't move it, and only measurements depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "only this file may read the machine's clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The seconds since the start.
    pub fn elapsed_s(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Formats a time, in milliseconds since 1970, as RFC 3339. A time outside the supported range (years -9999 to 9999)
/// becomes the nearest time within it.
pub fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .unwrap_or(if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
        .to_string()
}

/// The text is neither a day nor a time. The message shows both forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a day as in 2026-01-31 (from midnight UTC), or a time as in 2026-01-31T08:00:00Z")]
pub struct NotATime;

/// Parses a time from the command line or a request: a time in RFC 3339, or a day, which means midnight UTC. Returns it
/// in milliseconds since 1970.
///
/// # Errors
/// The text is neither a time nor a day.
pub fn parse_time_ms(text: &str) -> Result<i64, NotATime> {
    // The length shows whether the text is a day or a time. The date parser alone would also accept a time without an
    // offset, and ignore its hours and minutes.
    const DAY_LENGTH: usize = "2026-01-31".len();
    let time = if text.len() == DAY_LENGTH {
        let day: Option<Date> = text.parse().ok();
        day.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok())
    } else {
        text.parse::<Timestamp>().ok()
    };
    time.map(Timestamp::as_millisecond).ok_or(NotATime)
}

/// Says in words how long ago `at_ms` was. `None` means that the event never happened.
pub fn ago(at_ms: Option<i64>, now_ms: i64) -> String {
    let Some(at_ms) = at_ms else { return "never".to_owned() };
    match (now_ms - at_ms).max(0) / 60_000 {
        0 => "less than a minute ago".to_owned(),
        1 => "a minute ago".to_owned(),
        minutes if minutes < 120 => format!("{minutes} minutes ago"),
        minutes if minutes < 2 * 24 * 60 => format!("{} hours ago", minutes / 60),
        minutes => format!("{} days ago", minutes / (24 * 60)),
    }
}

/// Returns `N` bytes from the system's secure random source.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random source must work; without it, no key or id would be safe");
    bytes
}

/// Draws a bucket for a reader who has none. A bucket is a number from 0 to 999,999 that determines which variant a
/// reader sees.
///
/// The number need not be secret, so a fast generator per thread is enough.
pub fn draw_bucket() -> u32 {
    u32::try_from(next_random() % 1_000_000).expect("the number must be below a million")
}

/// Returns a number that is most likely unique. It is not secret, so the fast generator is enough.
pub fn unique_number() -> u64 {
    next_random()
}

/// Creates the id of a request: 32 hexadecimal digits. The id only serves to find a request's log lines and gives no
/// access, so the fast generator is enough.
pub fn request_id() -> [u8; 32] {
    let mut digits = [0; 32];
    uuid::Uuid::from_u64_pair(next_random(), next_random()).simple().encode_lower(&mut digits);
    digits
}

/// The next number of this thread's fast generator. It can be predicted, so it must not protect anything.
fn next_random() -> u64 {
    use std::cell::Cell;
    use std::hash::{BuildHasher, RandomState};
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(std::thread::current().id()));
    }
    STATE.with(|state| {
        // SplitMix64 (Steele, Lea, Flood 2014).
        let next = state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        state.set(next);
        let mut mixed = next;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_or_an_rfc_3339_time_is_parsed() {
        for (text, at) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("1970-01-01", "1970-01-01T00:00:00Z"),
            ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
            ("2026-01-31T08:00:00.250Z", "2026-01-31T08:00:00.25Z"),
            ("2026-01-31T08:00:00+01:00", "2026-01-31T07:00:00Z"),
            ("2026-01-31t08:00:00z", "2026-01-31T08:00:00Z"),
        ] {
            assert_eq!(parse_time_ms(text).map(rfc3339), Ok(at.to_owned()), "{text}");
        }
        for text in
            ["", "yesterday", "2026-02-30", "2026-1-31", "2026-01-31T08:00:00", "31.01.2026", "1769846400"]
        {
            assert_eq!(parse_time_ms(text), Err(NotATime), "{text}");
        }
    }
}
