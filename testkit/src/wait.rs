//! Waits until a condition is true. No test waits for a clock.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How often the condition is checked.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `is_so`. Panics with `what` if that takes longer than `limit`.
pub async fn until(limit: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            sleep(INTERVAL).await;
        }
    };
    assert!(timeout(limit, wait).await.is_ok(), "waited {limit:?} in vain: {what}");
}

/// Waits until a program listens on this address.
pub async fn listens(address: SocketAddr) {
    let connects = async || TcpStream::connect(address).await.is_ok();
    until(Duration::from_secs(10), "the service listens", connects).await;
}
