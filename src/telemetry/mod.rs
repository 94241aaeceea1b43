//! What an operator can see: logs and metrics.
//!
//! **Owns** the format of log lines, and the names of metrics.
//! **Never** puts personal data, a secret or an id into a label.
//! **Start at** [`start`] for logs, [`log_limits`] for log lines that any request can trigger and whose number is
//! therefore limited, [`Metrics`] for metrics.
//! **Tested in** `tests/api/management.rs`, `tests/leaks/`.

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
