//! The HTTP clients of the benchmark: honest readers and attackers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long an honest client waits for a response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the service.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response from the service.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Client {
    /// Connects to the service. Returns `None` if the connection fails or takes too long.
    pub fn connect(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(TIMEOUT)).ok()?;
        stream.set_write_timeout(Some(TIMEOUT)).ok()?;
        Some(Self { stream, buffer: Vec::with_capacity(16_384) })
    }

    /// Sends bytes. Returns whether the server accepted all of them.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends a request and reads its response. Returns `None` if no response arrives in time.
    pub fn request(&mut self, request: &[u8]) -> Option<Response> {
        self.stream.write_all(request).ok()?;
        self.read()
    }

    /// Reads a response. Returns `None` if no response arrives in time.
    pub fn read(&mut self) -> Option<Response> {
        self.buffer.clear();
        loop {
            if let Some(head_len) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let text = std::str::from_utf8(&self.buffer[..head_len]).ok()?;
                let status = text.get(9..12)?.parse().ok()?;
                let mut fields = text.lines().filter_map(|line| line.split_once(": "));
                let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                let length: usize = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
                if self.buffer.len() >= head_len + 4 + length {
                    let body = String::from_utf8_lossy(&self.buffer[head_len + 4..]).into_owned();
                    return Some(Response { status, body });
                }
            }
            let mut chunk = [0; 16_384];
            match self.stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

/// A `POST` request with a JSON body. `address` is the client's address. The request states it in `X-Forwarded-For`, as
/// a reverse proxy on this machine would.
pub fn post(path: &str, address: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: give.example.org\r\nOrigin: https://journal.example.org\r\nX-Forwarded-For: {address}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What honest readers measured. Each reader sends one banner request on a new connection.
pub struct Readers {
    /// The number of requests.
    pub asked: usize,
    /// How many of these requests got a response with status 200.
    pub answered: usize,
    /// The response times of the requests with status 200.
    times: Vec<Duration>,
}

impl Readers {
    /// Lets one reader after the other send a banner request, for this long. Returns the results of all of them.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub fn measure(address: SocketAddr, duration: Duration) -> Self {
        let question = post("/v1/banner", "198.51.100.7", r#"{"site":"journal","history":{}}"#);
        let mut readers = Self { asked: 0, answered: 0, times: Vec::new() };
        let start = Instant::now();
        while start.elapsed() < duration {
            let began = Instant::now();
            let response = Client::connect(address).and_then(|mut client| client.request(&question));
            readers.asked += 1;
            if response.is_some_and(|response| response.status == 200) {
                readers.answered += 1;
                readers.times.push(began.elapsed());
            }
            // The readers pause between requests, because the machine also runs the measured service.
            std::thread::sleep(Duration::from_millis(2));
        }
        readers.times.sort_unstable();
        readers
    }

    /// The 99th percentile of response times, in milliseconds.
    pub fn p99_ms(&self) -> f64 {
        let index = (self.times.len() * 99 / 100).min(self.times.len().saturating_sub(1));
        self.times.get(index).map_or(f64::INFINITY, |time| time.as_secs_f64() * 1000.0)
    }
}
