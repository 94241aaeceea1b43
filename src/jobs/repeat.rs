//! How every job runs: again and again, until it is told to stop.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actions::outlive;

/// When a job acts, and when it ends.
pub struct Beat {
    /// Time from the end of one action to the next.
    pub every: Duration,
    /// Acts at once, too, when it is notified.
    pub wake: Option<Arc<Notify>>,
    /// How long one action may take. What it has not committed by then is rolled back, and it is tried again.
    pub deadline: Duration,
    /// Ends the job, never in the middle of an action.
    pub stopped: watch::Receiver<bool>,
}

/// Acts at every beat, the first time at once. A failure, or a panic, is logged
/// as `trouble` with its reason, and ends this action alone.
pub async fn repeat<F, E>(mut beat: Beat, trouble: &'static str, mut act: impl FnMut() -> F)
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut tick = interval(beat.every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let never = Notify::new();
    loop {
        let wake = beat.wake.as_deref().unwrap_or(&never);
        tokio::select! {
            biased;
            // An error means that whoever could stop it is gone.
            _ = beat.stopped.wait_for(|stop| *stop) => return,
            () = wake.notified() => {}
            _ = tick.tick() => {}
        }
        match timeout(beat.deadline, outlive(act())).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "{trouble}"),
            Ok(Err(error)) => tracing::error!(%error, "{trouble}"),
            Err(_) => tracing::error!(error = "it took too long", "{trouble}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn beat(stopped: watch::Receiver<bool>) -> Beat {
        Beat { every: Duration::from_millis(1), wake: None, deadline: Duration::from_secs(60), stopped }
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
        repeat(Beat { deadline: Duration::from_millis(1), ..beat(stopped) }, "this test's job hangs", || {
            acted.set(acted.get() + 1);
            let (hangs, stop) = (acted.get() < 3, &stop);
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                stop.send(true).unwrap();
                Ok::<(), String>(())
            }
        })
        .await;
        assert_eq!(acted.get(), 3);
    }

    #[tokio::test]
    async fn a_job_that_is_told_to_stop_ends_what_it_is_doing_and_then_stops_though_it_is_woken() {
        let (stop, stopped) = watch::channel(false);
        let wake = Arc::new(Notify::new());
        let ended = Cell::new(0);
        repeat(Beat { wake: Some(Arc::clone(&wake)), ..beat(stopped) }, "this test's job fails", || async {
            stop.send(true).unwrap();
            wake.notify_one();
            tokio::task::yield_now().await;
            ended.set(ended.get() + 1);
            Ok::<(), String>(())
        })
        .await;
        assert_eq!(ended.get(), 1);
    }
}
