//! The built program stopped, killed and doubled in the middle of its work: what it acknowledged is
//! kept, and the books are as if nothing had happened.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keepopen::clock::Clock;
use keepopen::contributions::{Contribution, Entry, Fact};
use keepopen::ids::ContributionId;
use keepopen::store::Store;
use keepopen::store::inbox::EventRow;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::{JoinSet, block_in_place};

use super::Place;
use super::running::Running;

const SETTINGS: &str = r#"
[server]
bind = "127.0.0.1:0"
workers = 2
[management]
bind = ""
[stripe]
webhook_secrets = ["whsec_practice"]
[log]
format = "json"
"#;
/// Senders at the same time.
const SENDERS: usize = 4;

/// All that must be equal, whatever happened on the way.
#[derive(Debug, PartialEq)]
struct Books {
    entries: Vec<Entry>,
    contributions: Vec<Contribution>,
    supporters: Vec<(String, i64)>,
    facts: Vec<Fact>,
}

fn event(id: &str, kind: &str, object: &Value) -> Value {
    json!({
        "id": format!("evt_{id}"), "object": "event", "type": kind, "created": 1_795_000_000, "livemode": false,
        "api_version": "2026-09-30.endive", "data": {"object": object},
    })
}

/// So many gifts, each of three or four events.
fn gifts(count: u8) -> Vec<Value> {
    let mut events = Vec::new();
    for n in 0..count {
        let contribution = ContributionId::from_bytes([n; 16]);
        let metadata = json!({"keepopen_contribution": contribution.as_str(), "keepopen_site": "journal"});
        let intent = format!("pi_{n}");
        let session = json!({
            "id": format!("cs_{n}"), "object": "checkout.session", "mode": "payment", "status": "complete",
            "payment_status": "paid", "amount_total": 1000 + i64::from(n), "currency": "eur",
            "created": 1_795_000_000, "payment_intent": intent, "metadata": metadata,
            "customer_details": {"email": format!("reader{}@example.org", n % 7)},
        });
        let charge = json!({
            "id": format!("ch_{n}"), "object": "charge", "payment_intent": intent, "metadata": metadata,
            "amount_refunded": 0, "currency": "eur",
        });
        let refund = json!({
            "id": format!("re_{n}"), "object": "refund", "status": "succeeded", "amount": 1000 + i64::from(n),
            "currency": "eur", "created": 1_795_000_000, "payment_intent": intent, "charge": format!("ch_{n}"),
        });
        events.push(event(&format!("{n}_session"), "checkout.session.completed", &session));
        events.push(event(&format!("{n}_charge"), "charge.succeeded", &charge));
        events.push(event(&format!("{n}_customer"), "customer.created", &json!({"object": "customer"})));
        if n % 3 == 0 {
            events.push(event(&format!("{n}_refund"), "refund.created", &refund));
        }
    }
    events
}

/// The program on a folder, and what is still to be delivered to it.
struct Service {
    place: Place,
    left: Arc<Mutex<VecDeque<Value>>>,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    came: Arc<Notify>,
}

impl Service {
    /// With the key of another, so that supporters have the same ids.
    fn with_the_key_of(other: Option<&Self>, events: &[Value]) -> Self {
        let place = Place::with(SETTINGS).and_database();
        if let Some(other) = other {
            std::fs::create_dir(place.path("data")).unwrap();
            std::fs::copy(other.place.path("data/keepopen.key"), place.path("data/keepopen.key")).unwrap();
        }
        let left = Arc::new(Mutex::new(events.iter().cloned().collect()));
        Self { place, left, acknowledged: Arc::default(), came: Arc::default() }
    }

    fn start(&self) -> (Running, String) {
        let mut running = Running::start(&self.place, &["serve"]);
        let told = block_in_place(|| running.logs_until("keepopen answers"));
        let line: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        let address = line.pointer("/fields/address").or_else(|| line.get("address")).unwrap();
        (running, address.as_str().unwrap().to_owned())
    }

    /// Delivers what is left until there is nothing, or nobody answers; what is not acknowledged stays left.
    fn deliver(&self, address: &str) -> JoinSet<()> {
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (left, acknowledged) = (Arc::clone(&self.left), Arc::clone(&self.acknowledged));
            let (came, url) = (Arc::clone(&self.came), format!("http://{address}/webhooks/stripe"));
            let client = reqwest::Client::new();
            senders.spawn(async move {
                loop {
                    let Some(event) = left.lock().unwrap().pop_front() else { return };
                    let body = event.to_string();
                    let request = client.post(&url).header("stripe-signature", signature(&body)).body(body);
                    match request.send().await.map(|answer| answer.status().as_u16()) {
                        Ok(200) => {
                            let id = event["id"].as_str().unwrap().to_owned();
                            acknowledged.lock().unwrap().insert(id);
                            came.notify_one();
                        }
                        Ok(status) => panic!("{status}"),
                        Err(_) => {
                            left.lock().unwrap().push_back(event);
                            return;
                        }
                    }
                }
            });
        }
        senders
    }

    /// Waits until so many events more are acknowledged, or all are.
    async fn acknowledges(&self, more: usize) {
        for _ in 0..more {
            self.came.notified().await;
            if self.left.lock().unwrap().is_empty() {
                return;
            }
        }
    }

    async fn store(&self) -> Store {
        Store::open(self.place.database_url()).await.unwrap()
    }

    /// What is stored, after an end: every event that was acknowledged, and no event half processed.
    async fn what_is_kept(&self) -> Vec<EventRow> {
        let store = self.store().await;
        let events = store.events().await.unwrap();
        store.close().await;
        let ids: BTreeSet<String> = events.iter().map(|it| it.id.clone()).collect();
        let acknowledged = self.acknowledged.lock().unwrap();
        assert!(ids.is_superset(&acknowledged), "{:?}", acknowledged.difference(&ids));
        for it in &events {
            assert_eq!((it.attempts == 1, &it.error), (it.state == "done", &None), "{it:?}");
        }
        events
    }

    /// Waits until everything is processed, stops, and reads the books.
    async fn books(&self, mut running: Vec<Running>) -> Books {
        let store = self.store().await;
        let everything = async {
            while store.events().await.unwrap().iter().any(|it| it.state == "waiting") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), everything).await.expect("it works on");
        for one in &mut running {
            assert_eq!(block_in_place(|| one.stop()), Some(0));
        }
        self.what_is_kept().await;
        let books = Books {
            entries: store.entries().await.unwrap(),
            contributions: store.contributions().await.unwrap(),
            supporters: store.supporters().await.unwrap(),
            facts: store.facts().await.unwrap(),
        };
        store.close().await;
        books
    }
}

fn signature(body: &str) -> String {
    keepopen_practice::sign(body.as_bytes(), "whsec_practice", Clock::System.now_ms() / 1000)
}

/// A service to which nothing happened, and its books.
async fn undisturbed(events: &[Value]) -> (Service, Books) {
    let service = Service::with_the_key_of(None, events);
    let (running, address) = service.start();
    service.deliver(&address).join_all().await;
    let books = service.books(vec![running]).await;
    assert!(!books.entries.is_empty());
    (service, books)
}

/// Every event once or twice, in an order of its own.
fn shuffled(events: &[Value]) -> Vec<Value> {
    let mut random = fastrand::Rng::with_seed(3);
    let twice = |event: &Value| std::iter::repeat_n(event.clone(), random.usize(1..=2));
    let mut deliveries: Vec<Value> = events.iter().flat_map(twice).collect();
    fastrand::Rng::with_seed(4).shuffle(&mut deliveries);
    deliveries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_killed_again_and_again_books_as_one_that_never_was() {
    let kills: usize = std::env::var("KEEPOPEN_TEST_KILLS").map_or(5, |text| text.parse().unwrap());
    let events = gifts(60);
    let (calm, expected) = undisturbed(&events).await;
    let deliveries = shuffled(&events);
    let service = Service::with_the_key_of(Some(&calm), &deliveries);
    let (mut unprocessed, mut random) = (0, fastrand::Rng::with_seed(5));
    for _ in 0..kills {
        let (mut running, address) = service.start();
        let senders = service.deliver(&address);
        service.acknowledges(random.usize(1..=2 * deliveries.len() / kills)).await;
        block_in_place(|| running.kill());
        senders.join_all().await;
        unprocessed += service.what_is_kept().await.iter().filter(|it| it.state == "waiting").count();
        if service.left.lock().unwrap().is_empty() {
            service.left.lock().unwrap().extend(deliveries.iter().cloned());
        }
    }
    println!("killed {kills} times, with {unprocessed} events acknowledged and not processed in all");
    let (running, address) = service.start();
    service.deliver(&address).join_all().await;
    assert_eq!(service.books(vec![running]).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_told_to_stop_answers_what_is_under_way_and_keeps_all_that_it_acknowledged() {
    let events = gifts(60);
    let (calm, expected) = undisturbed(&events).await;
    let service = Service::with_the_key_of(Some(&calm), &shuffled(&events));
    let (mut running, address) = service.start();
    let senders = service.deliver(&address);
    service.acknowledges(40).await;
    // One request is half sent when the signal comes.
    let body = event("under_way", "customer.created", &json!({"object": "customer"})).to_string();
    let mut connection = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: {address}\r\nstripe-signature: {}\r\ncontent-length: {}\r\n\r\n",
        signature(&body),
        body.len()
    );
    let (first, rest) = body.split_at(20);
    connection.write_all(format!("{head}{first}").as_bytes()).unwrap();
    // Others are answered meanwhile, so the server has read it.
    service.acknowledges(20).await;
    running.tell_to_stop();
    block_in_place(|| running.logs_until("stopping"));
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    block_in_place(|| connection.read_to_string(&mut answer)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    service.acknowledged.lock().unwrap().insert("evt_under_way".to_owned());
    assert_eq!(block_in_place(|| running.ended()), Some(0));
    senders.join_all().await;
    service.what_is_kept().await;

    let (running, address) = service.start();
    service.deliver(&address).join_all().await;
    assert_eq!(service.books(vec![running]).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_database_take_each_event_up_once_and_book_as_one_would() {
    let events = gifts(60);
    let (calm, expected) = undisturbed(&events).await;
    let service = Service::with_the_key_of(Some(&calm), &shuffled(&events));
    let ((one, at_one), (other, at_other)) = (service.start(), service.start());
    let (to_one, to_other) = (service.deliver(&at_one), service.deliver(&at_other));
    to_one.join_all().await;
    to_other.join_all().await;
    // That each was taken up once is looked at, too: by its attempts.
    assert_eq!(service.books(vec![one, other]).await, expected);
}
