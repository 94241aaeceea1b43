//! Runs a job again and again until it is stopped.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::job::Outcome;
use crate::actions::catch_panic;
use crate::clock::Clock;
use crate::telemetry::log_limits::INTERVAL;

/// How many different failures of one job are logged within [`INTERVAL`].
const MAX_LINES: usize = 5;

/// Says when a job runs, and when it ends.
pub struct Schedule<'a> {
    /// The time from the end of one run to the start of the next.
    pub interval: Duration,
    /// When this is notified, the job runs immediately.
    pub wake: Option<&'a Notify>,
    /// How long one run may take. After that, its uncommitted changes are rolled back, and the job runs again.
    pub timeout: Duration,
    /// Ends the job. A run in progress is completed first.
    pub stop: CancellationToken,
    /// Measures the time since a failure was last logged, so that the same failure is not logged too often.
    pub clock: &'a Clock,
}

/// Something that can be run again and again.
pub trait Repeated {
    /// Runs once.
    fn run_once(&mut self) -> Outcome<'_>;
}

/// Runs a job at each interval, the first time immediately. A failure or a panic ends only that run. The failure is
/// logged as `failure` with its reason: the first time, when the reason changes, and once a minute while the reason
/// stays the same. A recovery is logged too.
pub async fn repeat(
    schedule: Schedule<'_>,
    job: &'static str,
    failure: &'static str,
    mut work: impl Repeated,
) {
    let mut tick = interval(schedule.interval);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let never = Notify::new();
    let wake = schedule.wake.unwrap_or(&never);
    let mut failures = Failures::default();
    loop {
        tokio::select! {
            biased;
            () = schedule.stop.cancelled() => return,
            () = wake.notified() => {}
            _ = tick.tick() => {}
        }
        let reason = match timeout(schedule.timeout, catch_panic(work.run_once())).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the run took too long".to_owned()),
        };
        match failures.line_for(reason, schedule.clock.steady()) {
            Some(Line::Fails { error, suppressed }) => tracing::error!(job, error, suppressed, "{failure}"),
            Some(Line::Works) => tracing::info!(job, "the job works again, after: {failure}"),
            None => {}
        }
    }
}

/// A log line about a job.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// The job failed for this reason. `suppressed` failures before this one were not logged.
    Fails { error: String, suppressed: u64 },
    /// The job succeeded again after a failure.
    Works,
}

/// The failures of one job, and which of them were logged.
#[derive(Debug, Default)]
struct Failures {
    /// When the current interval began.
    began: Option<Duration>,
    /// The reasons that were logged in the current interval.
    logged: Vec<String>,
    /// The number of failures since the last logged line.
    suppressed: u64,
    /// Whether the last logged line reports a failure.
    is_failing: bool,
}

impl Failures {
    /// The line to log after a run, if any. The argument is the reason of a failure, or `None` after a success.
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn schedule<'a>(stop: &CancellationToken, clock: &'a Clock) -> Schedule<'a> {
        let (interval, timeout) = (Duration::from_millis(1), Duration::from_secs(60));
        Schedule { interval, wake: None, timeout, stop: stop.clone(), clock }
    }

    impl<F: FnMut() -> Outcome<'static>> Repeated for F {
        fn run_once(&mut self) -> Outcome<'_> {
            self()
        }
    }

    fn clock() -> Clock {
        Clock::movable(jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_failing_job_is_logged_once_a_minute_when_its_reason_changes_and_when_it_recovers() {
        // The reason of the failure in each second, or `None` for a success.
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
    fn a_job_that_fails_for_a_different_reason_each_time_does_not_fill_the_log() {
        let mut failures = Failures::default();
        let mut line =
            |at_ms: u64| failures.line_for(Some(format!("at byte {at_ms}")), Duration::from_millis(at_ms));
        assert_eq!((0..1000).filter_map(&mut line).count(), MAX_LINES);
        let suppressed = 1000 - MAX_LINES as u64;
        assert_eq!(line(60_000), Some(Line::Fails { error: "at byte 60000".to_owned(), suppressed }));
    }

    #[tokio::test]
    async fn a_job_runs_again_after_a_failure_or_a_panic() {
        let (stop, clock, mut runs) = (CancellationToken::new(), clock(), 0);
        let schedule = schedule(&stop, &clock);
        repeat(schedule, "test", "this test's job fails", || -> Outcome<'static> {
            runs += 1;
            let (run, stop) = (runs, stop.clone());
            Box::pin(async move {
                match run {
                    1 => return Err("a deliberate failure".into()),
                    2 => panic!("a deliberate panic"),
                    _ => stop.cancel(),
                }
                Ok(())
            })
        })
        .await;
        assert_eq!(runs, 3);
    }

    #[tokio::test]
    async fn a_run_that_hangs_is_aborted_at_its_time_limit_and_the_job_runs_again() {
        let (stop, clock, mut runs) = (CancellationToken::new(), clock(), 0);
        let schedule = Schedule { timeout: Duration::from_millis(1), ..schedule(&stop, &clock) };
        repeat(schedule, "test", "this test's job hangs", || -> Outcome<'static> {
            runs += 1;
            let (should_hang, stop) = (runs < 3, stop.clone());
            Box::pin(async move {
                if should_hang {
                    std::future::pending::<()>().await;
                }
                stop.cancel();
                Ok(())
            })
        })
        .await;
        assert_eq!(runs, 3);
    }

    #[tokio::test]
    async fn a_stopping_job_finishes_its_run_and_then_stops_even_if_woken() {
        let (stop, clock) = (CancellationToken::new(), clock());
        let (wake, ended) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
        let schedule = Schedule { wake: Some(&wake), ..schedule(&stop, &clock) };
        repeat(schedule, "test", "this test's job fails", || -> Outcome<'static> {
            let (stop, wake, ended) = (stop.clone(), Arc::clone(&wake), Arc::clone(&ended));
            Box::pin(async move {
                stop.cancel();
                wake.notify_one();
                tokio::task::yield_now().await;
                ended.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        })
        .await;
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    }
}
