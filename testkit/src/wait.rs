//! Waits until a condition is true. Tests use this and never wait for a fixed time.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The time between two checks of the condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `is_so` returns true. Panics with a message that contains `what` if this takes longer than `limit`.
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
