//! Goes on after a panic.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

/// What was being done has a mistake that nobody foresaw. The panic's own
/// words are on standard error.
#[derive(Debug, thiserror::Error)]
#[error("it broke off with a panic; please report it")]
pub struct Panicked;

/// Runs `work` to its end, or to its panic. For work whose unfinished changes
/// end with it, as those of a transaction do: that is why unwinding is safe.
///
/// # Errors
/// It panicked.
pub async fn outlive<F: Future>(work: F) -> Result<F::Output, Panicked> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => std::task::Poll::Ready(Err(Panicked)),
    })
    .await
}
