//! Turns a panic into an error.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// A bug caused a panic. Its message is on standard error.
#[derive(Debug, thiserror::Error)]
#[error("it panicked; please report this bug")]
pub struct Panicked;

/// Runs `work` to its end, or until it panics. Only for work that leaves no unfinished changes behind, such as a
/// transaction that is rolled back. That is why unwinding is safe here.
///
/// # Errors
/// It panicked.
pub async fn catch_panic<F: Future>(work: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}
