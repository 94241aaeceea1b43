//! Measures how attacks from one address affect all other readers, with the service's default limits.
//!
//! **Owns** the proof that an attack from one address hardly affects others. Run it with `cargo bench --bench attacks`.
//! With `--profile dev` it compiles faster, but the service is slower. `KEEPOPEN_TEST_PROGRAM` names another program to
//! attack, such as an older version.
//! **Never** connects to an address other than 127.0.0.1, or runs for more than a minute.
//! **Start at** `main` below; the service is in `service.rs`, its clients in `client.rs`.
//! **Tested in** this program: it marks each unacceptable result with `BAD`, and exits with 1.
//!
//! The service runs in its own process with one worker thread and the usual limit of 1,024 open files. Each attack uses
//! one address and sends as fast as one core can. Most attacks set their address with `X-Forwarded-For`. During an
//! attack, other clients with other addresses use the service as honest readers and supporters do.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at a terminal")]

mod client;
mod service;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use keepopen::clock::{self, Clock};

use client::{Client, Readers, post};
use service::Service;

/// How long each attack lasts.
const ATTACK_TIME: Duration = Duration::from_secs(4);
/// On how many connections the attacker sends only the first byte of a request's body.
const SLOW_CONNECTIONS: usize = 1040;
/// How many webhook deliveries the attacker never finishes. It sends about a megabyte of each.
const UNFINISHED: usize = 400;
/// The attacker's address.
const ATTACKER: &str = "192.0.2.66";

/// Prints the table of results.
struct Table {
    /// Whether all results so far are acceptable.
    all_acceptable: bool,
}

impl Table {
    /// Prints one line: the attack, its result, and whether the result is acceptable.
    fn line(&mut self, attack: &str, result: &str, acceptable: bool) {
        self.all_acceptable &= acceptable;
        println!("{:4} {attack:46} {result}", if acceptable { "ok" } else { "BAD" });
    }
}

fn main() {
    let runtime = actix_web::rt::System::new();
    let service = runtime.block_on(Service::start(20, 20));
    let mut table = Table { all_acceptable: true };
    let baseline = Readers::measure(service.address, ATTACK_TIME);
    let baseline_ms = baseline.p99_ms();
    let result = format!("{} of {} answered, p99 {baseline_ms:.1} ms", baseline.answered, baseline.asked);
    table.line("no attack", &result, baseline.answered == baseline.asked);
    // The attacks run on another thread, because the practice Stripe needs this thread's runtime.
    std::thread::scope(|threads| {
        let attacks = threads.spawn(|| {
            attack_with_unfinished_bodies(&service, baseline_ms, &mut table);
            attack_with_unfinished_deliveries(&service, &mut table);
            attack_with_checkouts(&service, &mut table);
            attack_with_token_requests(&service, &mut table);
            attack_with_forged_tokens(&service, &mut table);
        });
        runtime.block_on(async {
            while !attacks.is_finished() {
                actix_web::rt::time::sleep(Duration::from_millis(20)).await;
            }
        });
        attacks.join().unwrap();
    });
    let all_acceptable = table.all_acceptable;
    drop(service);
    std::process::exit(i32::from(!all_acceptable));
}

/// Whether the 99th percentile of the banner's response time is acceptable: less than 5 times the value without an
/// attack, plus 20 ms.
fn is_acceptable(baseline_ms: f64, p99_ms: f64) -> bool {
    p99_ms < baseline_ms.mul_add(5.0, 20.0)
}

/// Opens many connections that send only the first byte of a body, and keeps them open.
fn attack_with_unfinished_bodies(service: &Service, baseline_ms: f64, table: &mut Table) {
    let mut request = post("/v1/banner", ATTACKER, "{");
    let text =
        String::from_utf8(request).unwrap().replace("Content-Length: 1\r\n", "Content-Length: 100\r\n");
    request = text.into_bytes();
    let mut held: Vec<Client> =
        (0..SLOW_CONNECTIONS).filter_map(|_| Client::connect(service.address)).collect();
    held.retain_mut(|client| client.send(&request));
    let readers = Readers::measure(service.address, ATTACK_TIME);
    let delivered = (0..20).filter(|number| deliver(service, *number)).count();
    let result = format!(
        "{} of {} banners answered, p99 {:.1} ms; {delivered} of 20 deliveries stored",
        readers.answered,
        readers.asked,
        readers.p99_ms()
    );
    let good =
        readers.answered == readers.asked && is_acceptable(baseline_ms, readers.p99_ms()) && delivered == 20;
    table.line(&format!("{} connections, one byte of body each", held.len()), &result, good);
}

/// Delivers an event with a valid signature. Returns whether the service acknowledged it.
fn deliver(service: &Service, number: usize) -> bool {
    let body = format!(
        r#"{{"id":"evt_attack_{number}","type":"moon.eclipsed","livemode":false,"created":1700000000}}"#
    );
    let at_s = Clock::System.now_ms().div_euclid(1000);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_practice");
    let tag = hmac::sign(&key, format!("{at_s}.{body}").as_bytes());
    let tag = hex::encode(tag);
    let text = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nHost: give.example.org\r\nStripe-Signature: t={at_s},v1={tag}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = Client::connect(service.address).and_then(|mut client| client.request(text.as_bytes()));
    response.is_some_and(|response| response.status == 200)
}

/// Sends most of the body of many webhook deliveries, and never finishes them. They have no signature or a forged one.
fn attack_with_unfinished_deliveries(service: &Service, table: &mut Table) {
    let forged_header = format!("Stripe-Signature: t=1700000000,v1={}\r\n", "a".repeat(64));
    for (name, header) in [("unsigned", ""), ("forged", &*forged_header)] {
        let before = service.memory_mib();
        let head = format!(
            "POST /webhooks/stripe HTTP/1.1\r\nHost: give.example.org\r\n{header}Content-Length: 1048576\r\n\r\n"
        );
        let stop = AtomicBool::new(false);
        let (readers, growth_mib) = std::thread::scope(|threads| {
            threads.spawn(|| {
                let body = vec![b' '; 1_040_000];
                let mut held = Vec::new();
                for _ in 0..UNFINISHED {
                    let Some(mut client) = Client::connect(service.address) else { continue };
                    if client.send(head.as_bytes()) && client.send(&body) {
                        held.push(client);
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let readers = Readers::measure(service.address, ATTACK_TIME);
            let growth_mib = service.memory_mib() - before;
            stop.store(true, Ordering::Relaxed);
            (readers, growth_mib)
        });
        let result = format!(
            "{} of {} banners answered, p99 {:.1} ms; {growth_mib:+.0} MiB of memory",
            readers.answered,
            readers.asked,
            readers.p99_ms()
        );
        // Receiving the bytes keeps the only worker thread busy, so the percentile is reported but not checked.
        let good = readers.answered == readers.asked && growth_mib < 150.0;
        table.line(&format!("{UNFINISHED} unfinished deliveries, {name}"), &result, good);
    }
}

/// Sends the requests that `next` creates until `stop` is set, over several connections on one thread. Returns how many
/// requests were answered.
fn flood(service: &Service, stop: &AtomicBool, mut next: impl FnMut() -> Vec<u8>) -> u64 {
    let mut clients: Vec<Option<Client>> = (0..16).map(|_| None).collect();
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        for client in &mut clients {
            if client.is_none() {
                *client = Client::connect(service.address);
            }
            // The service closes the connection if it rejects a request before it has read all of it.
            if !client.as_mut().is_some_and(|client| client.send(&next())) {
                *client = None;
            }
        }
        for client in &mut clients {
            match client.as_mut().and_then(Client::read) {
                Some(_) => answered += 1,
                None => *client = None,
            }
        }
    }
    answered
}

/// Creates the id of a new attempt to give. A client sends the same id with each checkout request of one attempt.
fn new_attempt() -> String {
    let (one, two) = (clock::unique_number(), clock::unique_number());
    uuid::Uuid::from_u64_pair(one, two).to_string()
}

fn checkout_body(attempt: &str) -> String {
    format!(
        r#"{{"site":"journal","attempt":"{attempt}","amount_minor":1500,"currency":"EUR","interval":"once","return_url":"https://journal.example.org/"}}"#
    )
}

/// Starts as many checkouts as possible from one address, while other readers start a checkout too.
fn attack_with_checkouts(service: &Service, table: &mut Table) {
    let before = service.stripe.objects("checkout.session").len();
    let stop = AtomicBool::new(false);
    let (calls, started) = std::thread::scope(|threads| {
        let flood = threads.spawn(|| {
            flood(service, &stop, || post("/v1/checkout", ATTACKER, &checkout_body(&new_attempt())))
        });
        let mut started = 0;
        for reader in 0..20 {
            let request =
                post("/v1/checkout", &format!("203.0.113.{reader}"), &checkout_body(&new_attempt()));
            let response = Client::connect(service.address).and_then(|mut client| client.request(&request));
            started += usize::from(response.is_some_and(|response| response.status == 200));
            std::thread::sleep(ATTACK_TIME / 20);
        }
        stop.store(true, Ordering::Relaxed);
        (flood.join().unwrap(), started)
    });
    let sessions = service.stripe.objects("checkout.session").len() - before - started;
    let rate = calls as f64 / ATTACK_TIME.as_secs_f64();
    let result = format!(
        "{rate:.0} calls per second created {sessions} sessions; {started} of 20 other readers started a checkout"
    );
    table.line("checkouts from one address", &result, sessions <= 40 && started == 20);
}

/// Asks again and again for the supporter token of a checkout that is never paid. The service must not call Stripe for
/// each of these requests.
fn attack_with_token_requests(service: &Service, table: &mut Table) {
    let attempt = new_attempt();
    let start = post("/v1/checkout", "198.51.100.20", &checkout_body(&attempt));
    let response = Client::connect(service.address).and_then(|mut client| client.request(&start)).unwrap();
    let checkout: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    let session = checkout["session"].as_str().unwrap();
    let body = format!(
        r#"{{"grant":"checkout_session","site":"journal","session":"{session}","attempt":"{attempt}"}}"#
    );
    let before = service.metric("keepopen_stripe_calls_total");
    let stop = AtomicBool::new(false);
    let calls = std::thread::scope(|threads| {
        let flood = threads.spawn(|| flood(service, &stop, || post("/v1/tokens", ATTACKER, &body)));
        std::thread::sleep(ATTACK_TIME);
        stop.store(true, Ordering::Relaxed);
        flood.join().unwrap()
    });
    let reads = service.metric("keepopen_stripe_calls_total") - before;
    let rate = calls as f64 / ATTACK_TIME.as_secs_f64();
    table.line(
        "token requests for one unpaid checkout",
        &format!("{rate:.0} calls per second caused {reads:.0} calls to Stripe"),
        reads <= 2.0,
    );
}

/// Sends tokens with random signatures from one address, while supporters send valid tokens for the first time.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn attack_with_forged_tokens(service: &Service, table: &mut Table) {
    let question = |token: &str| format!(r#"{{"site":"journal","history":{{}},"token":"{token}"}}"#);
    let (signed_part, signature) = service.tokens[0].rsplit_once('.').unwrap();
    let stop = AtomicBool::new(false);
    let sent = AtomicU64::new(0);
    let (recognised, elapsed) = std::thread::scope(|threads| {
        threads.spawn(|| {
            flood(service, &stop, || {
                sent.fetch_add(1, Ordering::Relaxed);
                let random: String =
                    format!("{:016x}{:016x}", clock::unique_number(), clock::unique_number());
                let forged = format!("{signed_part}.{random}{}", &signature[random.len()..]);
                post("/v1/banner", ATTACKER, &question(&forged))
            })
        });
        // This pause lets the flood start before the first supporter arrives.
        std::thread::sleep(Duration::from_millis(500));
        sent.store(0, Ordering::Relaxed);
        let began = Instant::now();
        let mut recognised = 0;
        for (number, token) in service.tokens.iter().enumerate() {
            let address = format!("203.{}.113.{}", number / 200, number % 200);
            let request = post("/v1/banner", &address, &question(token));
            let response = Client::connect(service.address).and_then(|mut client| client.request(&request));
            let is_supporter = |response: client::Response| response.body.contains(r#""reason":"supporter""#);
            recognised += usize::from(response.is_some_and(is_supporter));
            std::thread::sleep(Duration::from_millis(5));
        }
        let elapsed = began.elapsed();
        stop.store(true, Ordering::Relaxed);
        (recognised, elapsed)
    });
    let rate = sent.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64();
    let all = service.tokens.len();
    let result = format!(
        "{rate:.0} forged tokens per second from one address; {recognised} of {all} new supporters recognised"
    );
    table.line("tokens with a random signature", &result, recognised * 100 >= all * 95);
}
