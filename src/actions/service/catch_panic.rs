//! Turns a panic into an error.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// The error after a panic, which only a bug can cause. The panic's message is on standard error.
#[derive(Debug, thiserror::Error)]
#[error("the service panicked; please report this bug")]
pub struct Panicked;

/// Runs `work` until it finishes or panics. Use it only for work that leaves no unfinished changes behind if it
/// panics, for example because its transaction is rolled back. Then unwinding is safe.
///
/// # Errors
/// `work` panicked.
pub async fn catch_panic<F: Future>(work: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}
