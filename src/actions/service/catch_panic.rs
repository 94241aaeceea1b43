//! Goes on after a panic.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

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
pub async fn catch_panic<F: Future>(work: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}
