//! The log lines that requests cause.

use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Sandbox;
use keepopen_testkit::LOOPBACK;

const REQUESTS: usize = 30;

/// Starts the service with these Stripe settings and sends it the same requests over and over. Returns the log.
async fn log_of_repeated_webhooks(stripe: &str) -> String {
    log_during(stripe, async |address| {
        let client = Client::new();
        for path in ["/webhooks/stripe", "/webhooks/stripes"].repeat(REQUESTS) {
            let request = client.post(format!("http://{address}{path}")).body("{}");
            let signature = format!("t=1,v1={}", "0".repeat(64));
            let answer = request.header("stripe-signature", signature).send().await.unwrap();
            assert!(answer.status().is_client_error() || answer.status().is_server_error(), "{answer:?}");
        }
    })
    .await
}

/// Starts the service with these Stripe settings, and passes its address to `send_requests`. Returns the log.
async fn log_during(stripe: &str, send_requests: impl AsyncFnOnce(&str)) -> String {
    let sandbox = Sandbox::with_settings(&format!("{LOOPBACK}{stripe}")).with_database();
    let mut running = sandbox.start(&["serve"]);
    let started = tokio::task::block_in_place(|| running.logs_until("keepopen is serving requests"));
    let address = started.lines().last().unwrap().split_once("address=").unwrap().1;
    let address = address.split_whitespace().next().unwrap();
    send_requests(address).await;
    tokio::task::block_in_place(|| running.stop_and_read_log())
}

/// The number of lines that contain `words`.
fn count_lines(log: &str, words: &str) -> usize {
    log.lines().filter(|line| line.contains(words)).count()
}

// At most one line of a kind is logged per minute. The requests usually take less than a minute, but a slow machine may
// need a little more. So the tests accept up to three lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refused_webhooks_causes_one_log_line() {
    let log =
        log_of_repeated_webhooks("[stripe]\nwebhook_secrets = [\"whsec_dGVzdHRlc3R0ZXN0dGVzdA\"]\n").await;
    for words in ["a webhook was rejected", "arrived at a path that does not accept webhooks"] {
        assert!(
            (1..=3).contains(&count_lines(&log, words)),
            "the log must contain 1 to 3 lines with {words:?}: {log}"
        );
    }
    assert!(log.lines().count() < REQUESTS, "there must be fewer log lines than requests: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_webhooks_causes_one_log_line_if_no_secret_is_configured() {
    let log = log_of_repeated_webhooks("").await;
    assert!((1..=3).contains(&count_lines(&log, "a webhook's signature can't be checked")), "{log}");
    assert!(log.lines().count() < REQUESTS, "there must be fewer log lines than requests: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_malformed_requests_causes_one_log_line() {
    let log = log_during("", async |address| {
        for _ in 0..REQUESTS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/9.9\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
        }
    })
    .await;
    assert!((1..=3).contains(&count_lines(&log, "invalid HTTP version")), "{log}");
    assert!(log.lines().count() < REQUESTS, "there must be fewer log lines than requests: {log}");
}
