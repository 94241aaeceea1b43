//! Limits log lines that anybody can cause by sending requests, so that a flood of requests does not fill the disk. At
//! most one line of each kind is logged per minute. After the minute, the number of suppressed lines is logged.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::clock::Clock;

/// The period in which at most one line of each kind is logged.
pub const INTERVAL: Duration = Duration::from_secs(60);

/// The limit on one kind of log line.
#[derive(Debug)]
pub struct LogLimit {
    what: &'static str,
    window: Mutex<Window>,
}

/// Webhooks with an invalid signature.
pub static REFUSED_WEBHOOKS: LogLimit = LogLimit::new("refused webhooks");
/// Webhooks that arrived while no secret was configured.
pub static UNCHECKED_WEBHOOKS: LogLimit =
    LogLimit::new("webhooks that arrived while no secret was configured");
/// Requests with a Stripe signature on other paths.
pub static MISDIRECTED_WEBHOOKS: LogLimit = LogLimit::new("requests with a Stripe signature on other paths");
/// Requests that failed because the database is unavailable.
pub static DATABASE_ERRORS: LogLimit = LogLimit::new("requests that failed because of the database");
/// Requests that conflicted with another change.
pub static DATABASE_CONFLICTS: LogLimit = LogLimit::new("requests that conflicted with another change");
/// Requests that found corrupt data in the database.
pub static CORRUPT_DATA: LogLimit = LogLimit::new("requests that found corrupt data");
/// Requests for which a call to Stripe failed.
pub static STRIPE_ERRORS: LogLimit = LogLimit::new("requests for which a call to Stripe failed");

const ALL: [&LogLimit; 7] = [
    &REFUSED_WEBHOOKS,
    &UNCHECKED_WEBHOOKS,
    &MISDIRECTED_WEBHOOKS,
    &DATABASE_ERRORS,
    &DATABASE_CONFLICTS,
    &CORRUPT_DATA,
    &STRIPE_ERRORS,
];

impl LogLimit {
    const fn new(what: &'static str) -> Self {
        Self { what, window: Mutex::new(Window::NEW) }
    }

    /// Returns whether a line may be logged now. If not, counts the line as suppressed.
    pub fn admits(&self) -> bool {
        locked(&self.window).admits(Clock::System.steady())
    }
}

/// Limits the warnings and errors of libraries, separately for each place in their code. This is necessary because the
/// HTTP library logs an error for every malformed request.
pub(super) struct LibraryLines;

type Windows = HashMap<Identifier, (&'static str, Window)>;

/// The limits on lines of libraries, by the place in the code that logs the line. Each entry also names the module.
static LIBRARY_WINDOWS: LazyLock<Mutex<Windows>> = LazyLock::new(Mutex::default);

impl<S: Subscriber> Layer<S> for LibraryLines {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN || metadata.target().starts_with("keepopen") {
            return true;
        }
        let mut windows = locked(&LIBRARY_WINDOWS);
        let (_, window) = windows.entry(metadata.callsite()).or_insert((metadata.target(), Window::NEW));
        window.admits(Clock::System.steady())
    }
}

/// Logs how many lines of each kind were suppressed in the past minute. The job `tidy` calls this every few seconds.
pub fn report_suppressed_lines() {
    let now = Clock::System.steady();
    let ours = ALL.map(|limit| (limit.what, locked(&limit.window).take_suppressed(now)));
    let of_libraries = locked(&LIBRARY_WINDOWS)
        .values_mut()
        .map(|(what, window)| (*what, window.take_suppressed(now)))
        .collect::<Vec<_>>();
    for (what, suppressed) in ours.into_iter().chain(of_libraries).filter(|(_, suppressed)| *suppressed > 0) {
        tracing::warn!(what, suppressed, "some lines of this kind were not logged in the last minute");
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A minute in which at most one line is logged.
#[derive(Debug)]
struct Window {
    /// When the minute began, on the steady clock. This is when its one line was logged. `None` before the first line.
    began: Option<Duration>,
    suppressed: u64,
    /// The number of lines that were suppressed in past minutes and have not been reported.
    unreported: u64,
}

impl Window {
    const NEW: Self = Self { began: None, suppressed: 0, unreported: 0 };

    fn admits(&mut self, now: Duration) -> bool {
        let is_first = self.is_over(now);
        if is_first {
            self.unreported += std::mem::take(&mut self.suppressed);
            self.began = Some(now);
        } else {
            self.suppressed += 1;
        }
        is_first
    }

    /// Returns the number of lines that were suppressed in past minutes. Each line is counted in only one call.
    fn take_suppressed(&mut self, now: Duration) -> u64 {
        if self.is_over(now) {
            self.unreported += std::mem::take(&mut self.suppressed);
        }
        std::mem::take(&mut self.unreported)
    }

    fn is_over(&self, now: Duration) -> bool {
        self.began.is_none_or(|began| now.saturating_sub(began) >= INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_minute_is_logged_and_the_others_are_reported_once() {
        let mut window = Window::NEW;
        let at = Duration::from_secs;
        assert_eq!(window.take_suppressed(at(5)), 0);
        assert!(window.admits(at(5)));
        for second in [5, 5, 6, 64] {
            assert!(!window.admits(at(second)));
        }
        assert_eq!(window.take_suppressed(at(64)), 0, "nothing must be reported before the minute is over");
        assert_eq!([window.take_suppressed(at(65)), window.take_suppressed(at(66))], [4, 0]);
        // The next line begins another minute. Suppressed lines of an ongoing flood are reported too.
        assert!(window.admits(at(70)));
        assert!(!window.admits(at(71)));
        assert!(window.admits(at(130)));
        assert!(!window.admits(at(131)));
        assert_eq!([window.take_suppressed(at(132)), window.take_suppressed(at(190))], [1, 1]);
    }
}
