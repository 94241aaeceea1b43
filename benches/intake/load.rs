//! Delivers events and measures how fast they are stored.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keepopen::app::App;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::events::{Events, request};
use super::raw::Raw;

/// The address on which the service listens.
#[derive(Clone, Copy)]
pub struct Server(pub SocketAddr);

/// The medians and 99th percentiles of one round, in microseconds. In a round, the service (over one connection) and
/// the raw database (without the service) store events in turn.
pub struct Pairs {
    /// The median time in which the service acknowledged a delivery.
    pub ours_us: f64,
    /// The median time of a commit in the raw database.
    pub raw_us: f64,
    pub ours_p99_us: f64,
    pub raw_p99_us: f64,
    /// The number of events that each side stored.
    pub count: usize,
}

/// The result of deliveries over many connections for a fixed time.
pub struct Throughput {
    /// Acknowledgements per second.
    pub rate: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// The average number of deliveries that one commit stores.
    pub deliveries_per_commit: f64,
}

/// Stores events with the raw database and the service in turn, and measures both.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub async fn measure_pairs(server: Server, raw: &mut Raw, events: &mut Events, duration: Duration) -> Pairs {
    let mut connection = Connection::connect(server).await;
    let (mut our_times, mut raw_times) = (Vec::new(), Vec::new());
    // This task keeps the measuring thread awake. A sleeping thread is expensive to wake, and that cost would be added
    // to one of the sides.
    let keep_awake = actix_web::rt::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let start = Instant::now();
    while start.elapsed() < duration && our_times.len() < 5000 {
        let (raw_event, our_request) = (events.next_event(), request(&events.next_event()));
        let began = Instant::now();
        raw.commit(&raw_event).await;
        raw_times.push(began.elapsed());
        let began = Instant::now();
        connection.deliver(&our_request).await;
        our_times.push(began.elapsed());
    }
    keep_awake.abort();
    // The first measurement of each side is dropped, because it includes preparing the statements.
    let (mut our_times, mut raw_times) = (our_times.split_off(1), raw_times.split_off(1));
    Pairs {
        count: our_times.len(),
        ours_us: percentile_us(&mut our_times, 0.5),
        raw_us: percentile_us(&mut raw_times, 0.5),
        ours_p99_us: percentile_us(&mut our_times, 0.99),
        raw_p99_us: percentile_us(&mut raw_times, 0.99),
    }
}

/// Measures how many events per second the raw database stores, with one commit per event, one after the other.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub async fn measure_raw_rate(raw: &mut Raw, events: &mut Events, duration: Duration) -> f64 {
    let (start, mut spent, mut commits) = (Instant::now(), Duration::ZERO, 0.0);
    while start.elapsed() < duration {
        let event = events.next_event();
        let began = Instant::now();
        raw.commit(&event).await;
        spent += began.elapsed();
        commits += 1.0;
    }
    commits / spent.as_secs_f64()
}

/// Delivers over `concurrency` connections until the time is over or no event is left. Each connection sends the next
/// event as soon as it gets a response.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub async fn measure_many_connections(
    server: Server,
    requests: Vec<Vec<u8>>,
    concurrency: usize,
    duration: Duration,
    app: &App,
) -> Throughput {
    let commits_before = commits(app);
    // The clients have their own thread, so that they take no time from the service's thread.
    let delivered = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..concurrency {
                connections.push(Connection::connect(server).await);
            }
            let (remaining, start) = (Arc::new(Mutex::new(requests.into_iter())), Instant::now());
            let start_client = |mut connection: Connection| {
                let remaining = Arc::clone(&remaining);
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    while start.elapsed() < duration {
                        let Some(bytes) = remaining.lock().unwrap().next() else { break };
                        let began = Instant::now();
                        connection.deliver(&bytes).await;
                        times.push(began.elapsed());
                    }
                    times
                })
            };
            let tasks: Vec<_> = connections.into_iter().map(start_client).collect();
            let mut times = Vec::new();
            for task in tasks {
                times.extend(task.await.unwrap());
            }
            (times, start.elapsed())
        })
    });
    while !delivered.is_finished() {
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
    let (mut times, elapsed) = delivered.join().unwrap();
    Throughput {
        rate: times.len() as f64 / elapsed.as_secs_f64(),
        deliveries_per_commit: times.len() as f64 / (commits(app) - commits_before),
        p50_us: percentile_us(&mut times, 0.5),
        p99_us: percentile_us(&mut times, 0.99),
    }
}

/// The number of transactions that have stored deliveries so far.
fn commits(app: &App) -> f64 {
    let text = app.metrics.render();
    let line = text.lines().find_map(|line| line.strip_prefix("keepopen_webhook_commits_total "));
    line.unwrap().parse().unwrap()
}

/// The time in microseconds that this fraction of the measurements does not exceed. The fraction 0.99 stands for the
/// 99th percentile.
fn percentile_us(times: &mut [Duration], fraction: f64) -> f64 {
    times.sort_unstable();
    times[(times.len() as f64 * fraction) as usize].as_secs_f64() * 1e6
}

/// A connection that stays open.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn connect(server: Server) -> Self {
        let stream = TcpStream::connect(server.0).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(1024) }
    }

    /// Delivers one event and waits for its acknowledgement.
    async fn deliver(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.buffer.clear();
        // An acknowledgement has no body.
        while !self.buffer.ends_with(b"\r\n\r\n") {
            assert_ne!(
                self.stream.read_buf(&mut self.buffer).await.unwrap(),
                0,
                "the server closed the connection"
            );
        }
        assert!(self.buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&self.buffer));
    }
}
