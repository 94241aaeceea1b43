//! Contains reports that read across the whole database. They change nothing.
//!
//! **Owns** the check of the ledger, the comparison with Stripe's sums, results, exports, and the connection's state.
//! **Never** writes.
//! **Start at** the file names.
//! **Tested in** `tests/api/results.rs`, `tests/api/comparing.rs`, `tests/api/money.rs`.

mod check_ledger;
mod compare_with_stripe;
mod export_payments;
mod inspect_stripe;
mod read_results;
mod seals;

pub use check_ledger::{LedgerReport, SiteBalance, check_ledger};
pub use compare_with_stripe::{AlarmFields, Comparison, ComparisonLine, compare_with_stripe};
pub use export_payments::PaymentsExport;
pub use inspect_stripe::{ConnectionReport, inspect_stripe, webhook_url};
pub use read_results::{
    MAX_RESULT_DAYS, MoneySums, Outcome, ResultKey, ResultsError, ResultsQuery, read_results, totals,
};
pub use seals::{SealKey, SealState, digest_of};
