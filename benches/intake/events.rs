//! The delivered events: of ordinary size, and signed before the measurement.

use std::time::Duration;

use keepopen::clock::Clock;

/// The endpoint's signing secret.
pub const SECRET: &str = "whsec_bench";
/// A payment from another source, as Stripe reports it. The service stores it and does not book it.
const EVENT: &str =
    include_str!("../../tests/fixtures/stripe/mock_objects_2025-10_clover/payment_intent.succeeded.json");

/// One event.
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// Its time of arrival.
    pub at_ms: i64,
}

/// Creates events with different ids.
pub struct Events {
    text: String,
    id: String,
    made: usize,
}

impl Events {
    pub fn new() -> Self {
        let event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        Self { text: EVENT.to_owned(), id, made: 0 }
    }

    /// The next one.
    pub fn event(&mut self) -> Event {
        self.made += 1;
        // The ids have the length of Stripe's, and no order.
        let id =
            format!("evt_{:024x}", (self.made as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39D) % (1 << 96));
        Event { body: self.text.replacen(&self.id, &id, 1), id, at_ms: Clock::System.now_ms() }
    }

    /// Enough serialised requests for one measurement.
    pub fn requests(&mut self, concurrency: usize, stretch: Duration) -> Vec<Vec<u8>> {
        // More than any machine accepts, but not enough to fill its memory.
        let count = (concurrency * 500).min((30_000.0 * stretch.as_secs_f64()) as usize);
        (0..count).map(|_| request(&self.event())).collect()
    }
}

/// An event as it goes over the wire.
pub fn request(event: &Event) -> Vec<u8> {
    let signature = keepopen_practice::sign(event.body.as_bytes(), SECRET, event.at_ms.div_euclid(1000));
    format!(
        "POST /webhooks/stripe HTTP/1.1\r\nHost: give.example.org\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\
         Accept: */*; q=0.5, application/xml\r\nCache-Control: no-cache\r\nContent-Type: application/json; charset=utf-8\r\n\
         Stripe-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{}",
        event.body.len(),
        event.body
    )
    .into_bytes()
}
