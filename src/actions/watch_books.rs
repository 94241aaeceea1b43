//! Checks the books every night, and seals them.

use std::sync::atomic::Ordering;

use crate::app::App;

use super::check_books::check_books;
use super::seal_books::{SealKey, seal_books};

const DAY_MS: i64 = 86_400_000;

/// Checks and seals the books, if that was not done yet on this day (UTC). What is wrong is said and shown as a number;
/// books that are wrong are not sealed.
///
/// # Errors
/// The database does not answer.
pub async fn watch_books(app: &App) -> Result<(), sqlx::Error> {
    let today = app.now_ms().div_euclid(DAY_MS);
    let sealed = app.store.last_seal().await?.is_some_and(|seal| seal.made_at_ms.div_euclid(DAY_MS) >= today);
    let checked_ms = app.books_checked_at_ms.load(Ordering::Relaxed);
    // Wrong books are looked at again once an hour, in case somebody mended them.
    if app.now_ms() - checked_ms < DAY_MS / 24 || (sealed && checked_ms.div_euclid(DAY_MS) >= today) {
        return Ok(());
    }
    let key = SealKey::of(&app.vault);
    let report = check_books(&app.store, &key).await?;
    app.books_checked_at_ms.store(app.now_ms(), Ordering::Relaxed);
    app.metrics.books.set(report.wrong_in_all, report.alarms.len(), app.now_ms());
    for sentence in &report.wrong {
        tracing::error!(sentence, "the books are wrong; run `keepopen books check`");
    }
    if report.is_right() && !sealed {
        seal_books(&app.store, &key, &app.clock).await?;
    }
    Ok(())
}
