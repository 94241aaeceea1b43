//! Clients that send a request body slowly or never. The server closes their connections, so that other clients are
//! not affected.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::helpers::TestApp;

/// Opens a connection and sends `text`.
fn open_and_send(app: &TestApp, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).unwrap();
    // The timeout is only reached if the server does not close the connection.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Returns everything that the server sends until it closes the connection.
async fn read_response(mut stream: TcpStream) -> String {
    let read = move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).map(|_| text)
    };
    tokio::task::spawn_blocking(read).await.unwrap().unwrap()
}

/// Returns the head of a POST request. `length` has the headers about the body's length.
fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: give.example.org\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_refused_and_the_connection_is_closed() {
    let app = TestApp::start_changed("", |settings| settings.server.body_timeout_seconds = 1).await;
    let signature = format!("Content-Length: 9\r\nStripe-Signature: t=1700000000,v1={}", "a".repeat(64));
    for (path, length, sent) in [
        ("/v1/banner", "Content-Length: 9", "{"),
        ("/v1/banner", "Content-Length: 9", ""),
        ("/v1/checkout", "Content-Length: 9", "{"),
        ("/v1/banner", "Transfer-Encoding: chunked", "1\r\n{\r\n"),
        ("/webhooks/stripe", &signature, "{"),
    ] {
        let text = read_response(open_and_send(&app, &format!("{}{sent}", head(path, length)))).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{path} {length}: {text}");
        assert!(text.contains("\"code\":\"body_too_slow\""), "{path} {length}: {text}");
    }
    let text = app.app.metrics.render();
    assert!(text.contains("keepopen_bodies_cut_total{why=\"slow\"} 5\n"), "{text}");
    app.finish().await;
}

#[tokio::test]
async fn a_pipelined_request_whose_body_does_not_arrive_in_time_is_refused() {
    let app = TestApp::start_changed("", |settings| settings.server.body_timeout_seconds = 1).await;
    let body = r#"{"site":"journal","history":{}}"#;
    let whole = format!("{}{body}", head("/v1/banner", &format!("Content-Length: {}", body.len())));
    for sent in ["", "{"] {
        let incomplete = format!("{}{sent}", head("/v1/banner", "Content-Length: 9"));
        let text = read_response(open_and_send(&app, &format!("{whole}{whole}{incomplete}"))).await;
        assert_eq!(text.matches("\"reason\":\"matched\"").count(), 2, "{sent}: {text}");
        assert!(text.contains("HTTP/1.1 408 "), "{sent}: {text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_sent_after_100_continue_can_arrive_in_pieces() {
    let app = TestApp::start().await;
    let body = r#"{"site":"journal","history":{}}"#;
    // Each list has the positions in the body at which the pieces end.
    for pieces in [&[31][..], &[0, 31], &[1, 31], &[9, 18, 31]] {
        let length = format!("Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close", body.len());
        let mut stream = open_and_send(&app, &head("/v1/banner", &length));
        let text = tokio::task::spawn_blocking(move || {
            let mut interim_response = [0; 25];
            stream.read_exact(&mut interim_response).unwrap();
            assert_eq!(&interim_response, b"HTTP/1.1 100 Continue\r\n\r\n");
            let mut sent = 0;
            for end in pieces {
                stream.write_all(&body.as_bytes()[sent..*end]).unwrap();
                sent = *end;
            }
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        });
        let text = text.await.unwrap().unwrap();
        assert!(text.contains("\"reason\":\"matched\""), "{pieces:?}: {text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_response_that_does_not_depend_on_the_body_is_sent_at_once_and_the_connection_is_closed() {
    let app = TestApp::start().await;
    for (path, length, sent, status) in [
        ("/nowhere", "Transfer-Encoding: chunked", "1\r\n{\r\n", 404),
        ("/nowhere", "Content-Length: 9", "{", 404),
        ("/v1/appeals/help", "Transfer-Encoding: chunked", "1\r\n{\r\n", 405),
        ("/webhooks/stripe", "Transfer-Encoding: chunked", "1\r\n{\r\n", 400),
    ] {
        let text = read_response(open_and_send(&app, &format!("{}{sent}", head(path, length)))).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {length}: {text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_complete_chunked_body_is_read_and_the_connection_is_reused() {
    let app = TestApp::start().await;
    let body = r#"{"site":"journal","history":{}}"#;
    let chunked = format!("{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", 9, &body[..9], body.len() - 9, &body[9..]);
    let chunked_request = format!("{}{chunked}", head("/v1/banner", "Transfer-Encoding: chunked"));
    let last = format!(
        "{}{body}",
        head("/v1/banner", &format!("Content-Length: {}\r\nConnection: close", body.len()))
    );
    let text = read_response(open_and_send(&app, &format!("{chunked_request}{chunked_request}{last}"))).await;
    assert_eq!(text.matches("\"reason\":\"matched\"").count(), 3, "{text}");
    app.finish().await;
}

#[tokio::test]
async fn a_delivery_without_a_well_formed_signature_is_refused_before_its_body_is_read() {
    let app = TestApp::start().await;
    for header in ["", "Stripe-Signature: nonsense\r\n", "Stripe-Signature: t=1700000000\r\n"] {
        let head = head("/webhooks/stripe", &format!("{header}Content-Length: 1000000"));
        let text = read_response(open_and_send(&app, &head)).await;
        assert!(text.starts_with("HTTP/1.1 400 "), "{header}: {text}");
        assert!(text.contains("\"code\":\"invalid_signature\""), "{header}: {text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_oldest_of_too_many_slow_bodies_are_cut_off_and_banner_requests_are_still_answered() {
    let app = TestApp::start_changed("", |settings| settings.server.body_timeout_seconds = 3600).await;
    let head = format!("{}{{", head("/v1/banner", "Content-Length: 9"));
    let mut waiting = Vec::new();
    for number in 0..550 {
        waiting.push(open_and_send(&app, &head));
        if number % 50 == 0 {
            assert_eq!(app.banner(None).await["reason"], "matched");
        }
    }
    assert_eq!(app.banner(None).await["reason"], "matched");
    for oldest in waiting.drain(..30) {
        let text = read_response(oldest).await;
        assert!(text.contains("\"code\":\"body_too_slow\""), "{text}");
    }
    assert!(app.app.metrics.render().contains("keepopen_bodies_cut_total{why=\"crowded\"} "));
    drop(waiting);
    app.finish().await;
}
