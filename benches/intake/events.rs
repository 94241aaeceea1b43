//! Creates the events that the benchmark delivers. They have an ordinary size.

use std::time::Duration;

use keepopen::clock::Clock;

/// The endpoint's signing secret.
pub const SECRET: &str = "whsec_bench";
/// Stripe's event about a payment that did not come through the service. The service stores it and does not book it.
const EVENT: &str =
    include_str!("../../tests/fixtures/stripe/mock_objects_2025-10_clover/payment_intent.succeeded.json");

/// An event to deliver.
pub struct Event {
    /// The event's id.
    pub id: String,
    /// The event as JSON.
    pub body: String,
    /// The time at which the event was created. The signature and the stored row use it as the time of delivery.
    pub at_ms: i64,
}

/// Creates events with different ids.
pub struct Events {
    /// The JSON from which every event is copied.
    text: String,
    /// The id in `text`. Each copy gets its own id instead.
    id: String,
    count: usize,
}

impl Events {
    pub fn new() -> Self {
        let event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        Self { text: EVENT.to_owned(), id, count: 0 }
    }

    /// Creates the next event.
    pub fn next_event(&mut self) -> Event {
        self.count += 1;
        // The ids are as long as Stripe's ids, and they are not in ascending order.
        let id =
            format!("evt_{:024x}", (self.count as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39D) % (1 << 96));
        Event { body: self.text.replacen(&self.id, &id, 1), id, at_ms: Clock::System.now_ms() }
    }

    /// Creates and signs enough requests for one measurement, so that the measurement does not include this work.
    pub fn requests(&mut self, concurrency: usize, duration: Duration) -> Vec<Vec<u8>> {
        // At most 30,000 requests per second, which is more than any machine accepts, and at most 500 per connection.
        let requests = (concurrency * 500).min((30_000.0 * duration.as_secs_f64()) as usize);
        (0..requests).map(|_| request(&self.next_event())).collect()
    }
}

/// The HTTP request that delivers an event, with a valid signature.
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
