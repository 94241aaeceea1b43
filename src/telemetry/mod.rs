//! What an operator can see: log lines and numbers.
//!
//! **Owns** how log lines are written, and which numbers are counted under which name.
//! **Never** holds personal data, a secret, or an id in a label.
//! **Start at** [`start`] for logs, [`log_limits`] for lines that requests can cause, [`Metrics`] for numbers.
//! **Tested in** `tests/api/management.rs`, `tests/canary/`.

mod counts;
pub mod log_limits;
mod logs;
mod metrics;
mod process;

pub use counts::{
    CallOutcome, Counts, CutBody, Delivery, InboxState, LabelValue, LimitedBy, Processed, StripeTrouble,
    TokenCheck,
};
pub use logs::{BadLogLevel, LogFormat, check_level, start};
pub use metrics::{InboxGauges, Metrics, StripeGauges};
