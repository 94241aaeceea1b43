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
    wanted: PaymentFilter,
    after: Option<Cursor>,
    begun: bool,
    ended: bool,
}

impl PaymentsExport {
    /// Starts an export, without reading anything yet.
    pub fn new(store: Store, wanted: PaymentFilter) -> Self {
        Self { store, wanted, after: None, begun: false, ended: false }
    }

    /// Returns the next lines of the table. The first call also returns the column names. Returns `None` at the end.
    ///
    /// # Errors
    /// The database does not answer, or contains a row that can't be read.
    pub async fn next_page(&mut self) -> Result<Option<String>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let mut tx = self.store.snapshot().await?;
        let page = payments_after(&mut tx, &self.wanted, self.after.as_ref(), BATCH).await?;
        drop(tx);
        let mut text = if self.begun { String::new() } else { COLUMNS.to_owned() };
        self.begun = true;
        text.extend(page.iter().map(|it| it.line()));
        match page.last() {
            Some(last) => {
                self.after = Some(Cursor { at_ms: last.payment.paid_at_ms, id: last.payment.object.clone() });
            }
            None => self.ended = true,
        }
        Ok((!text.is_empty()).then_some(text))
    }
}
