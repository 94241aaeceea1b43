//! Waits until a condition is true. Tests use this instead of waiting for a fixed time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The time between two checks of the condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Calls `is_true` every 10 ms until it returns true. Panics if that takes longer than `limit`. The panic's message
/// contains `what`, a sentence that states the condition.
pub async fn wait_until(limit: Duration, what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_true().await {
            sleep(INTERVAL).await;
        }
    };
    assert!(timeout(limit, wait).await.is_ok(), "gave up after {limit:?}; this is still not true: {what}");
}

/// Waits until a program listens on this address.
pub async fn wait_for_listener(address: SocketAddr) {
    let connects = async || TcpStream::connect(address).await.is_ok();
    wait_until(Duration::from_secs(10), "the program listens", connects).await;
}
