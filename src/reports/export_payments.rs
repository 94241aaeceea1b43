//! Exports payments as CSV, page by page.

use crate::contributions::COLUMNS;
use crate::store::pages::{Cursor, PaymentFilter, payments_after};
use crate::store::{Store, StoreError};

/// The number of payments that are read in one query.
const BATCH: i64 = 1_000;

/// An export in progress. Each page is read in its own transaction, so a slow client blocks nothing.
#[derive(Debug)]
pub struct PaymentsExport {
    store: Store,
    filter: PaymentFilter,
    after: Option<Cursor>,
    has_begun: bool,
    has_ended: bool,
}

impl PaymentsExport {
    /// Starts an export, without reading anything yet.
    pub fn new(store: Store, filter: PaymentFilter) -> Self {
        Self { store, filter, after: None, has_begun: false, has_ended: false }
    }

    /// Returns the next lines of the table. The first call also returns the column names. Returns `None` at the end.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn next_page(&mut self) -> Result<Option<String>, StoreError> {
        if self.has_ended {
            return Ok(None);
        }
        let mut tx = self.store.snapshot().await?;
        let page = payments_after(&mut tx, &self.filter, self.after.as_ref(), BATCH).await?;
        drop(tx);
        let mut text = if self.has_begun { String::new() } else { COLUMNS.to_owned() };
        self.has_begun = true;
        text.extend(page.iter().map(|payment| payment.line()));
        match page.last() {
            Some(last) => {
                self.after = Some(Cursor { at_ms: last.payment.paid_at_ms, id: last.payment.object.clone() });
            }
            None => self.has_ended = true,
        }
        Ok((!text.is_empty()).then_some(text))
    }
}
