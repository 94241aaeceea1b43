//! How many times a second `POST /v1/banner` answers, against a bare actix-web
//! handler that reads the same body and sends as many bytes back.
//!
//! Run with `cargo bench --bench banner`. Both servers have one thread; rounds
//! alternate between them, so that a machine whose speed drifts slows both.
//! The ratios are what counts.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at a terminal")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use keepopen::clock::Clock;
use keepopen::config;
use keepopen::ids::SupporterId;
use keepopen::tokens::{Claims, TokenScope};
use keepopen::{actions, http};
use keepopen_decision::Standing;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

const SETTINGS: &str = r#"
data_dir = "{folder}"
[server]
bind = "127.0.0.1:0"
public_url = "https://give.example.org/"
workers = 1
[appeals]
file = "{folder}/appeals.toml"
[sites.journal]
name = "The Journal"
origins = ["https://journal.example.org"]
currency = "EUR"
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
once = [500, 1500]
month = [500, 1000]
default_interval = "month"
default_amount_minor = 1000
"#;

/// Ten appeals; the last by priority is the one that matches.
fn appeals() -> String {
    let mut text = String::new();
    for place in 0..10 {
        let sections = if place == 9 { "politics" } else { "sport" };
        text.push_str(&format!(
            r#"
            [[appeals]]
            id = "appeal-{place}"
            sites = ["journal"]
            kind = "ask"
            surface = ["banner", "inline"]
            live = "live"
            priority = {priority}
            pages = {{ sections = {{ include = ["{sections}"] }}, tags = {{ exclude = ["obituary"] }} }}
            audience = {{ countries = {{ exclude = ["AQ"] }} }}
            frequency = {{ max_views = 40, window_days = 30 }}
            [[appeals.variants]]
            id = "a"
            copy = {{ heading = "We need your help now", body = ["One paragraph."], cta = "Give" }}
            [[appeals.variants]]
            id = "b"
            copy = {{ heading = "Help us go on", body = ["One paragraph."], cta = "Give" }}
            "#,
            priority = 10 - place,
        ));
    }
    text
}

fn question(token: Option<&str>) -> String {
    serde_json::json!({
        "site": "journal", "surfaces": ["banner", "inline"],
        "page": {"url": "https://journal.example.org/politics/1", "section": "politics", "tags": ["assembly", "budget"], "kind": "article", "sensitive": false},
        "reader": {"country": "IE", "locale": "en-IE", "device": "mobile", "consent": "granted", "bucket": 417_223},
        "history": {
            "views": [{"appeal": "appeal-9", "variant": "a", "at": "2026-11-20T10:00:00Z"}, {"appeal": "appeal-9", "variant": "a", "at": "2026-11-22T10:00:00Z"}],
            "dismissals": [],
        },
        "token": token,
    })
    .to_string()
}

fn main() {
    let runtime = actix_web::rt::System::new();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        std::fs::write(folder.path().join("appeals.toml"), appeals()).unwrap();
        let settings = config::from_toml(&SETTINGS.replace("{folder}", &place)).unwrap();
        let app = actions::start(settings, Clock::System).await.unwrap();
        let running = http::serve(&app).unwrap();
        let banner = running.address;
        actix_web::rt::spawn(running.server);

        let asked = question(None);
        let verdict = once(banner, &request("/v1/banner", &asked)).await;
        assert!(verdict.contains(r#""reason":"matched""#), "{verdict}");
        let body_len = verdict.split("\r\n\r\n").nth(1).unwrap().len();
        let bare = serve_bare(body_len);

        let token = app.tokens.sign(&claims(app.now_ms() / 1000));
        let supporter = question(Some(&token));
        assert!(once(banner, &request("/v1/banner", &supporter)).await.contains(r#""reason":"supporter""#));

        let cases = [
            ("bare handler, same body", bare, request("/", &asked)),
            ("10 appeals, last one matches", banner, request("/v1/banner", &asked)),
            ("supporter with a known token", banner, request("/v1/banner", &supporter)),
        ];
        let mut rates: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
        for _ in 0..ROUNDS {
            for ((_, address, bytes), rates) in cases.iter().zip(&mut rates) {
                rates.push(round(*address, bytes).await);
            }
        }
        println!("{ROUNDS} rounds of {} s, {CONNECTIONS} connections, one server thread", ROUND.as_secs());
        println!("{:<32} {:>10} {:>8} {:>16}", "", "a second", "ratio", "(min to max)");
        for ((name, _, _), those) in cases.iter().zip(&rates) {
            let mut ratios: Vec<f64> = those.iter().zip(&rates[0]).map(|(rate, bare)| rate / bare).collect();
            ratios.sort_by(f64::total_cmp);
            let (low, high) = (ratios[0], ratios[ROUNDS - 1]);
            println!("{name:<32} {:>10.0} {:>8.2} {low:>7.2} to {high:.2}", median(those), median(&ratios));
        }
    });
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn claims(now_s: i64) -> Claims {
    Claims {
        iss: "https://give.example.org".to_owned(),
        aud: "journal".to_owned(),
        sub: SupporterId::from_bytes([1; 16]),
        iat: now_s,
        exp: now_s + 86_400,
        jti: "one".to_owned(),
        epoch: 0,
        scope: TokenScope::Standing,
        standing: Standing::Recurring,
        quiet_until: None,
        entitlements: Vec::new(),
    }
}

fn serve_bare(body_len: usize) -> SocketAddr {
    let answer: Arc<str> = "x".repeat(body_len).into();
    let server = HttpServer::new(move || {
        let answer = Arc::clone(&answer);
        App::new().default_service(web::to(move |_: Bytes| {
            let answer = answer.to_string();
            async { HttpResponse::Ok().content_type("application/json").body(answer) }
        }))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

fn request(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: give.example.org\r\nOrigin: https://journal.example.org\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Answers a second over one round.
async fn round(address: SocketAddr, bytes: &[u8]) -> f64 {
    let bytes: Arc<[u8]> = bytes.into();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    // On a thread of its own, so that asking does not take the server's.
    let asked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..CONNECTIONS)
                .map(|_| tokio::spawn(keep_asking(address, Arc::clone(&bytes), start)))
                .collect();
            let mut sum = 0_u32;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        })
    });
    while !asked.is_finished() {
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
    f64::from(asked.join().unwrap()) / start.elapsed().as_secs_f64()
}

async fn keep_asking(address: SocketAddr, bytes: Arc<[u8]>, start: Instant) -> u32 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(8192);
    let mut answers = 0;
    while start.elapsed() < ROUND {
        stream.write_all(&bytes).await.unwrap();
        buffer.clear();
        let text = read_answer(&mut stream, &mut buffer).await;
        assert!(text.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(text));
        answers += 1;
    }
    answers
}

async fn once(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut buffer = Vec::new();
    String::from_utf8_lossy(read_answer(&mut stream, &mut buffer).await).into_owned()
}

/// Reads until the body is as long as the head says.
async fn read_answer<'b>(stream: &mut TcpStream, buffer: &'b mut Vec<u8>) -> &'b [u8] {
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
            let length: usize =
                text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
            if buffer.len() >= head + 4 + length {
                return buffer;
            }
        }
        assert_ne!(stream.read_buf(buffer).await.unwrap(), 0, "the server closed");
    }
}
