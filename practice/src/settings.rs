//! What the stand-in is started with, and the starts it refuses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where the stand-in gets the time from, in whole seconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything the practice Stripe needs to start.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; only a loopback address is accepted. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// The secret key that API calls must carry, such as `sk_test_practice`.
    pub secret_key: String,
    /// The secret that webhook deliveries are signed with, `whsec_…`.
    pub webhook_secret: String,
    /// Where events are delivered; with `None` nothing is delivered by itself.
    pub webhook_url: Option<String>,
    /// The clock, in seconds since 1970.
    pub now: Clock,
    /// The waits between the tries of one delivery; when they are used up, the delivery is given up.
    pub retry_after: Vec<Duration>,
    /// The name that the hosted page and the console show, and that objects carry.
    pub account_name: String,
}

/// Why the practice Stripe did not start.
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
    /// The address is open to other machines.
    #[error("the practice Stripe listens on loopback only, and {0} is not; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The port could not be opened.
    #[error("the practice Stripe could not listen on {bind}: {source}")]
    Bind {
        /// The address that was asked for.
        bind: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server's thread did not come up.
    #[error("the practice Stripe's server did not start: {0}")]
    Server(String),
}

impl Settings {
    /// Refuses live keys and addresses that other machines can reach.
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
