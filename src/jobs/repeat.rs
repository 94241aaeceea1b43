//! How every job runs: again and again, until it is told to stop.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actions::catch_panic;
use crate::clock::Clock;
use crate::telemetry::log_limits::INTERVAL;

/// How many different failures of one job are logged in [`INTERVAL`].
const MAX_LINES: usize = 5;

/// When a job acts, and when it ends.
pub struct Schedule {
    /// Time from the end of one action to the next.
    pub every: Duration,
    /// Acts at once, too, when it is notified.
    pub wake: Option<Arc<Notify>>,
    /// How long one action may take. What it has not committed by then is rolled back, and it is tried again.
    pub deadline: Duration,
    /// Ends the job, never in the middle of an action.
    pub stopped: watch::Receiver<bool>,
    /// Limits how often the same failure is logged.
    pub clock: Clock,
}

/// Acts at every beat, the first time at once. A failure, or a panic, ends this action alone. It is logged as `trouble` with its
/// reason: the first time, when the reason changes, and once a minute while it stays the same. That the job works again is logged too.
pub async fn repeat<F, E>(mut beat: Schedule, trouble: &'static str, mut act: impl FnMut() -> F)
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut tick = interval(beat.every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let never = Notify::new();
    let mut failures = Failures::default();
    loop {
        let wake = beat.wake.as_deref().unwrap_or(&never);
        tokio::select! {
            biased;
            // An error means that whoever could stop it is gone.
            _ = beat.stopped.wait_for(|stop| *stop) => return,
            () = wake.notified() => {}
            _ = tick.tick() => {}
        }
        let reason = match timeout(beat.deadline, catch_panic(act())).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it took too long".to_owned()),
        };
        match failures.line_for(reason, beat.clock.steady()) {
            Some(Line::Fails { error, suppressed }) => tracing::error!(error, suppressed, "{trouble}"),
            Some(Line::Works) => tracing::info!("it works again, after: {trouble}"),
            None => {}
        }
    }
}

/// What is logged of a job.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// It failed for this reason. So many failures before it were not logged.
    Fails { error: String, suppressed: u64 },
    /// It works again.
    Works,
}

/// Failures of one job: which of them are logged.
#[derive(Debug, Default)]
struct Failures {
    /// When the present interval began.
    began: Option<Duration>,
    /// The reasons that were logged since then.
    logged: Vec<String>,
    /// Failures since the last line that was logged.
    suppressed: u64,
    /// Whether the last line that was logged says that the job fails.
    is_failing: bool,
}

impl Failures {
    /// The line for what came of an action: nothing, or why it failed.
    fn line_for(&mut self, reason: Option<String>, now: Duration) -> Option<Line> {
        let Some(error) = reason else { return std::mem::take(&mut self.is_failing).then_some(Line::Works) };
        if self.began.is_none_or(|began| now.saturating_sub(began) >= INTERVAL) {
            self.began = Some(now);
            self.logged.clear();
        }
        if self.logged.len() >= MAX_LINES || self.logged.contains(&error) {
            self.suppressed += 1;
            return None;
        }
        self.logged.push(error.clone());
        self.is_failing = true;
        Some(Line::Fails { error, suppressed: std::mem::take(&mut self.suppressed) })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn beat(stopped: watch::Receiver<bool>) -> Schedule {
        let clock = Clock::movable(jiff::Timestamp::UNIX_EPOCH);
        Schedule {
            every: Duration::from_millis(1),
            wake: None,
            deadline: Duration::from_secs(60),
            stopped,
            clock,
        }
    }

    #[test]
    fn a_job_that_keeps_failing_is_logged_once_a_minute_when_its_reason_changes_and_when_it_works_again() {
        // What comes of each second.
        let mut outcomes = vec![Some("full"); 65];
        outcomes.extend([Some("gone"), Some("full"), None, None, Some("full"), None]);
        let mut failures = Failures::default();
        let lines = (1..).zip(outcomes).filter_map(|(second, reason)| {
            let line = failures.line_for(reason.map(str::to_owned), Duration::from_secs(second))?;
            Some((second, line))
        });
        let fails = |error: &str, suppressed| Line::Fails { error: error.to_owned(), suppressed };
        let expected =
            [(1, fails("full", 0)), (61, fails("full", 59)), (66, fails("gone", 4)), (68, Line::Works)];
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn reasons_that_are_different_each_time_do_not_fill_the_log() {
        let mut failures = Failures::default();
        let mut line =
            |time: u64| failures.line_for(Some(format!("at byte {time}")), Duration::from_millis(time));
        assert_eq!((0..1000).filter_map(&mut line).count(), MAX_LINES);
        let suppressed = 1000 - MAX_LINES as u64;
        assert_eq!(line(60_000), Some(Line::Fails { error: "at byte 60000".to_owned(), suppressed }));
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_acts_again() {
        let (stop, stopped) = watch::channel(false);
        let acted = Cell::new(0);
        repeat(beat(stopped), "this test's job fails", || {
            acted.set(acted.get() + 1);
            let (time, stop) = (acted.get(), &stop);
            async move {
                match time {
                    1 => return Err("on purpose"),
                    2 => panic!("on purpose"),
                    _ => stop.send(true).unwrap(),
                }
                Ok(())
            }
        })
        .await;
        assert_eq!(acted.get(), 3);
    }

    #[tokio::test]
    async fn a_job_that_hangs_is_given_up_at_its_deadline_and_acts_again() {
        let (stop, stopped) = watch::channel(false);
        let acted = Cell::new(0);
        repeat(
            Schedule { deadline: Duration::from_millis(1), ..beat(stopped) },
            "this test's job hangs",
            || {
                acted.set(acted.get() + 1);
                let (hangs, stop) = (acted.get() < 3, &stop);
                async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    stop.send(true).unwrap();
                    Ok::<(), String>(())
                }
            },
        )
        .await;
        assert_eq!(acted.get(), 3);
    }

    #[tokio::test]
    async fn a_job_that_is_told_to_stop_ends_what_it_is_doing_and_then_stops_though_it_is_woken() {
        let (stop, stopped) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let ended = Cell::new(0);
        repeat(
            Schedule { wake: Some(Arc::clone(&wake)), ..beat(stopped) },
            "this test's job fails",
            || async {
                stop.send(true).unwrap();
                wake.notify_one();
                tokio::task::yield_now().await;
                ended.set(ended.get() + 1);
                Ok::<(), String>(())
            },
        )
        .await;
        assert_eq!(ended.get(), 1);
    }
}
