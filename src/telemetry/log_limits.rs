//! Log lines that anybody can cause by sending requests. At most one line of each kind is logged in a minute, and then how many
//! more there were, so that a flood of requests does not fill the disk.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The time in which one line is logged.
const INTERVAL: Duration = Duration::from_secs(60);

/// The limit on one kind of log line.
#[derive(Debug)]
pub struct LogLimit {
    what: &'static str,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    /// When its line was logged, as a steady time; `None` before the first one.
    began: Option<Duration>,
    suppressed: u64,
}

/// Webhooks whose signature is bad.
pub static REFUSED_WEBHOOKS: LogLimit = LogLimit::new("refused webhooks");
/// Webhooks that came while no secret is known.
pub static UNCHECKED_WEBHOOKS: LogLimit = LogLimit::new("webhooks without a secret to check them");
/// Requests with a Stripe signature on other paths.
pub static MISDIRECTED_WEBHOOKS: LogLimit = LogLimit::new("requests with a Stripe signature on other paths");
/// Requests that failed for the database.
pub static DATABASE_ERRORS: LogLimit = LogLimit::new("requests that failed for the database");
/// Requests for which a call to Stripe failed.
pub static STRIPE_ERRORS: LogLimit = LogLimit::new("requests for which a call to Stripe failed");

const ALL: [&LogLimit; 5] =
    [&REFUSED_WEBHOOKS, &UNCHECKED_WEBHOOKS, &MISDIRECTED_WEBHOOKS, &DATABASE_ERRORS, &STRIPE_ERRORS];

impl LogLimit {
    const fn new(what: &'static str) -> Self {
        Self { what, window: Mutex::new(Window { began: None, suppressed: 0 }) }
    }

    /// Whether a line may be logged at `now`, a time that never goes back. Lines that may not are counted.
    pub fn admits(&self, now: Duration) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = window.is_over(now);
        let before = if is_first { std::mem::take(&mut window.suppressed) } else { 0 };
        if is_first {
            window.began = Some(now);
        } else {
            window.suppressed += 1;
        }
        drop(window);
        self.report(before);
        is_first
    }

    /// The lines that were counted in a minute that is over. They are returned once.
    fn take_suppressed(&self, now: Duration) -> u64 {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.is_over(now) { std::mem::take(&mut window.suppressed) } else { 0 }
    }

    fn report(&self, suppressed: u64) {
        if suppressed > 0 {
            tracing::warn!(what = self.what, suppressed, "more of these came in a minute than are logged");
        }
    }
}

impl Window {
    fn is_over(&self, now: Duration) -> bool {
        self.began.is_none_or(|began| now.saturating_sub(began) >= INTERVAL)
    }
}

/// Logs how many lines of each kind were not logged in a minute that is over. To be called every few seconds.
pub fn report_suppressed_lines(now: Duration) {
    for limit in ALL {
        limit.report(limit.take_suppressed(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_minute_is_logged_and_the_others_are_counted_once() {
        let limit = LogLimit::new("tests");
        let at = Duration::from_secs;
        assert_eq!(limit.take_suppressed(at(5)), 0);
        assert!(limit.admits(at(5)));
        for second in [5, 5, 6, 64] {
            assert!(!limit.admits(at(second)));
        }
        assert_eq!(limit.take_suppressed(at(64)), 0, "the minute is not over");
        assert_eq!([limit.take_suppressed(at(65)), limit.take_suppressed(at(66))], [4, 0]);
        // A minute after the first line, the next one is logged whether the count was asked for or not.
        assert!(limit.admits(at(70)));
        assert!(!limit.admits(at(71)));
        assert!(limit.admits(at(130)));
        assert_eq!(limit.take_suppressed(at(500)), 0, "it was reported with the line");
    }
}
