//! Responses that Stripe itself never gives, but a faulty proxy or another server might: endless responses, and invalid
//! payment pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::helpers::{TestApp, checkout_body};

/// Starts a server that responds to every request with `head` and `body`. If `is_endless`, it repeats the body forever.
/// Returns its URL and the largest number of bytes that it could write to one client.
async fn start_fake_stripe(head: String, body: Vec<u8>, is_endless: bool) -> (url::Url, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let max_written = Arc::new(AtomicU64::new(0));
    let largest = Arc::clone(&max_written);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (head, body, largest) = (head.clone(), body.clone(), Arc::clone(&largest));
            tokio::spawn(async move {
                let written = answer(stream, head.as_bytes(), &body, is_endless).await;
                largest.fetch_max(written, Ordering::Relaxed);
            });
        }
    });
    (url, max_written)
}

/// Responds to one request. Returns how many bytes of the body could be written.
async fn answer(mut stream: TcpStream, head: &[u8], body: &[u8], is_endless: bool) -> u64 {
    let mut request = vec![0; 64 * 1024];
    // One read is enough, because short requests arrive in one piece.
    if stream.read(&mut request).await.is_err() || stream.write_all(head).await.is_err() {
        return 0;
    }
    let mut written = 0;
    while stream.write_all(body).await.is_ok() {
        written += body.len() as u64;
        if !is_endless {
            let _ = stream.shutdown().await;
            break;
        }
    }
    written
}

#[tokio::test]
async fn an_endless_response_is_read_up_to_a_limit_and_the_reader_gets_the_fallback() {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n".to_owned();
    let (url, max_written) = start_fake_stripe(head, vec![b' '; 64 * 1024], true).await;
    let app = TestApp::start_changed("", |settings| {
        settings.stripe.api_url = url;
        settings.stripe.timeout_seconds = 60;
    })
    .await;
    let answer = app.post("/v1/checkout", &checkout_body(Uuid::from_u128(7), 1000, "once")).await;
    assert_eq!(answer.code(), "stripe_unavailable");
    assert_eq!(answer.json["fallback_url"], "https://journal.example.org/give");
    let max_written = max_written.load(Ordering::Relaxed);
    // The buffers of the sockets hold some more bytes.
    assert!(
        max_written > 0 && max_written < LIMIT + 16 * 1024 * 1024,
        "the fake Stripe could write {max_written} bytes"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_payment_page_without_a_valid_https_url_is_refused() {
    for page in [
        json!("http://pay.example.org/c/1"),
        json!("javascript:alert(1)"),
        json!("//pay.example.org"),
        json!("https://"),
        json!(null),
    ] {
        let body = json!({"id": "cs_test_1", "object": "checkout.session", "url": page}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let (url, _) = start_fake_stripe(head, body.into_bytes(), false).await;
        let app = TestApp::start_changed("", |settings| settings.stripe.api_url = url).await;
        let answer = app.post("/v1/checkout", &checkout_body(Uuid::from_u128(7), 1000, "once")).await;
        assert_eq!(answer.code(), "stripe_unavailable", "{page}");
        app.finish().await;
    }
}
