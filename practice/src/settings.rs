//! The settings of the practice Stripe, and the checks that reject invalid ones.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The clock of the practice Stripe. It returns whole seconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The settings with which the practice Stripe starts.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on. It must be a loopback address. Port 0 selects a free port.
    pub bind: SocketAddr,
    /// The secret key for API calls, such as `sk_test_practice`.
    pub secret_key: String,
    /// The secret with which webhook deliveries are signed, `whsec_…`.
    pub webhook_secret: String,
    /// The address to which events are delivered. With `None`, only endpoints from the API receive events.
    pub webhook_url: Option<String>,
    /// The clock, in seconds since 1970.
    pub now: Clock,
    /// The waiting time before each retry of a delivery. After the last retry, the delivery is given up.
    pub retry_after: Vec<Duration>,
    /// The account's name on the hosted page, on the console and in objects.
    pub account_name: String,
}

/// The reason why the practice Stripe did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A live key was configured.
    #[error(
        "the practice Stripe refuses to run while a live Stripe key is configured; use a test key such as sk_test_practice"
    )]
    LiveKey,
    /// The key is empty or does not look like a secret test key.
    #[error("the practice Stripe needs a secret test key, which starts with sk_test_ or rk_test_")]
    NotATestKey,
    /// The address is reachable from other machines.
    #[error("the practice Stripe listens on loopback only, and {0} is not; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The port could not be opened.
    #[error("the practice Stripe could not listen on {bind}: {source}")]
    Bind {
        /// The requested address.
        bind: SocketAddr,
        /// The error that the operating system returned.
        source: std::io::Error,
    },
    /// The server's thread did not start.
    #[error("the practice Stripe's server did not start: {0}")]
    Server(String),
}

impl Settings {
    /// Rejects live keys and addresses that other machines can reach.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let key = self.secret_key.trim();
        if key.starts_with("sk_live_") || key.starts_with("rk_live_") {
            return Err(StartError::LiveKey);
        }
        if !key.starts_with("sk_test_") && !key.starts_with("rk_test_") {
            return Err(StartError::NotATestKey);
        }
        if !self.bind.ip().is_loopback() {
            return Err(StartError::NotLoopback(self.bind));
        }
        Ok(())
    }
}
