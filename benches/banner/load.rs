//! The measured servers, and the clients that send requests to them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The number of connections. Each connection sends the next request as soon as it gets a response.
pub const CONNECTIONS: usize = 16;

/// A measured server, and those of its threads that are in this process.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    threads: Arc<[PathBuf]>,
}

/// The result of one round.
pub struct Round {
    /// Responses per second.
    pub rate: f64,
    /// The CPU time of the server's threads per response, in microseconds.
    pub cpu_us: f64,
    /// The median response time, in microseconds.
    pub p50_us: f64,
    /// The 99th percentile of the response time, in microseconds.
    pub p99_us: f64,
}

impl Server {
    /// Starts a server with the function `start`, which returns the server's address.
    pub async fn start(start: impl FnOnce() -> SocketAddr) -> Self {
        let before = threads();
        let address = start();
        // The server creates its threads shortly after it begins to listen.
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        let threads = threads().into_iter().filter(|thread| !before.contains(thread)).collect();
        Self { address, threads }
    }

    /// Starts a server that only reads the body and sends this many bytes back.
    pub async fn start_bare(response_len: usize) -> Self {
        let response: Arc<str> = "x".repeat(response_len).into();
        Self::start(|| {
            let server = HttpServer::new(move || {
                let response = Arc::clone(&response);
                App::new().default_service(web::to(move |_: Bytes| {
                    let response = response.to_string();
                    async { HttpResponse::Ok().content_type("application/json").body(response) }
                }))
            });
            let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
            let address = server.addrs()[0];
            actix_web::rt::spawn(server.run());
            address
        })
        .await
    }

    /// Sends one request and returns the response as text.
    pub async fn send_once(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut buffer = Vec::new();
        String::from_utf8_lossy(read_response(&mut stream, &mut buffer).await).into_owned()
    }

    /// Sends requests for this long and measures the responses.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub async fn measure_round(&self, bytes: &[u8], duration: Duration) -> Round {
        let (address, bytes): (_, Arc<[u8]>) = (self.address, bytes.into());
        let (start, cpu_before) = (Instant::now(), self.cpu_time());
        // The clients have their own thread, so that they take no time from the server's thread.
        let clients = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let start_client =
                    || tokio::spawn(send_repeatedly(address, Arc::clone(&bytes), start, duration));
                // This task keeps the clients' thread awake. A sleeping thread is expensive to wake, and that cost
                // would make the slower server look even slower, because its clients sleep more often.
                let keep_awake = tokio::spawn(async {
                    loop {
                        tokio::task::yield_now().await;
                    }
                });
                let tasks: Vec<_> = (0..CONNECTIONS).map(|_| start_client()).collect();
                let mut times = Vec::new();
                for task in tasks {
                    times.extend(task.await.unwrap());
                }
                keep_awake.abort();
                times
            })
        });
        while !clients.is_finished() {
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        let mut times = clients.join().unwrap();
        let (elapsed, cpu) = (start.elapsed(), self.cpu_time() - cpu_before);
        times.sort_unstable();
        let responses = times.len() as f64;
        let percentile_us = |fraction: f64| times[(responses * fraction) as usize].as_secs_f64() * 1e6;
        Round {
            rate: responses / elapsed.as_secs_f64(),
            cpu_us: cpu.as_secs_f64() * 1e6 / responses,
            p50_us: percentile_us(0.5),
            p99_us: percentile_us(0.99),
        }
    }

    /// The CPU time that the server's threads have used so far. It is zero if the system does not report it.
    fn cpu_time(&self) -> Duration {
        let thread_time = |thread: &PathBuf| {
            let schedstat = std::fs::read_to_string(thread.join("schedstat")).ok()?;
            schedstat.split(' ').next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(self.threads.iter().filter_map(thread_time).sum())
    }
}

fn threads() -> Vec<PathBuf> {
    let folder = std::fs::read_dir("/proc/self/task");
    folder.into_iter().flatten().filter_map(|thread| Some(thread.ok()?.path())).collect()
}

/// A question (the body of a banner request) as an HTTP request.
pub fn request(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: give.example.org\r\nOrigin: https://journal.example.org\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends the request again and again over one connection until `duration` has passed since `start`. Returns all
/// response times.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn send_repeatedly(
    address: SocketAddr,
    bytes: Arc<[u8]>,
    start: Instant,
    duration: Duration,
) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(32_768);
    let mut times = Vec::new();
    while start.elapsed() < duration {
        let sent_at = Instant::now();
        stream.write_all(&bytes).await.unwrap();
        buffer.clear();
        let text = read_response(&mut stream, &mut buffer).await;
        assert!(text.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(text));
        times.push(sent_at.elapsed());
    }
    times
}

/// Reads a response until its body has the length that `Content-Length` states.
async fn read_response<'b>(stream: &mut TcpStream, buffer: &'b mut Vec<u8>) -> &'b [u8] {
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head]).unwrap();
            let length = text.lines().filter_map(|line| line.split_once(": "));
            let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.next().unwrap().1.parse().unwrap();
            if buffer.len() >= head + 4 + length {
                return buffer;
            }
        }
        assert_ne!(stream.read_buf(buffer).await.unwrap(), 0, "the server closed the connection");
    }
}
