//! Delivers events as Stripe does: in any order, some twice, and with retries until they are acknowledged.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keepopen::clock::Clock;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::gifts::{Event, events_of};

/// The number of deliveries that run at the same time.
const SENDERS: usize = 16;
/// The number of events that wait to be delivered. The next event is chosen from them at random.
const WAITING_EVENTS: usize = 32;

/// The events to deliver, and the acknowledged events.
pub(crate) struct Deliveries {
    state: Mutex<State>,
    acknowledgement: Notify,
    /// Called at every acknowledgement. Returns the current position in the recording of file changes, if there is one.
    position: Box<dyn Fn() -> usize + Send + Sync>,
}

struct State {
    random: fastrand::Rng,
    next_gift: u64,
    /// The first gift whose events are not delivered any more. Gifts are numbered from 0.
    end_gift: u64,
    waiting: Vec<Event>,
    /// The acknowledged events, each with the position in the recording at which its response arrived.
    acknowledged: Vec<(usize, Event)>,
}

impl State {
    /// Takes a waiting event, or repeats an acknowledged one. `None` if no event is left.
    fn next_event(&mut self) -> Option<Event> {
        while self.waiting.len() < WAITING_EVENTS && self.next_gift < self.end_gift {
            self.waiting.extend(events_of(self.next_gift));
            self.next_gift += 1;
        }
        // One in five events is delivered again.
        if self.random.u8(..5) == 0 && !self.acknowledged.is_empty() && !self.waiting.is_empty() {
            let (_, again) = &self.acknowledged[self.random.usize(..self.acknowledged.len())];
            return Some(again.clone());
        }
        let index = self.random.choice(0..self.waiting.len())?;
        Some(self.waiting.swap_remove(index))
    }
}

impl Deliveries {
    /// Creates deliveries of the events of this many gifts.
    pub(crate) fn of(gifts: u64, seed: u64) -> Arc<Self> {
        Self::with_positions(gifts, seed, || 0)
    }

    /// Creates deliveries of the events of an unlimited number of gifts, until [`Self::start_no_more_gifts`] is called.
    pub(crate) fn of_unlimited_gifts(seed: u64) -> Arc<Self> {
        Self::of(u64::MAX, seed)
    }

    /// Like [`Self::of`], with a function that is called at every acknowledgement and returns the current position in
    /// the recording.
    pub(crate) fn with_positions(
        gifts: u64,
        seed: u64,
        position: impl Fn() -> usize + Send + Sync + 'static,
    ) -> Arc<Self> {
        let random = fastrand::Rng::with_seed(seed);
        let state =
            State { random, next_gift: 0, end_gift: gifts, waiting: Vec::new(), acknowledged: Vec::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            acknowledgement: Notify::new(),
            position: Box::new(position),
        })
    }

    /// Starts no more gifts; only events of started gifts are still delivered. Returns how many gifts were started.
    pub(crate) fn start_no_more_gifts(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.end_gift = state.next_gift;
        state.end_gift
    }

    /// Adds more gifts.
    pub(crate) fn add_gifts(&self, gifts: u64) {
        self.state.lock().unwrap().end_gift += gifts;
    }

    /// Starts tasks that deliver until no event is left or the service does not respond. An event that was not
    /// acknowledged is put back.
    pub(crate) fn start_senders(self: &Arc<Self>, address: &str) -> JoinSet<()> {
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (deliveries, address, client) =
                (Arc::clone(self), address.to_owned(), reqwest::Client::new());
            senders.spawn(async move { while deliveries.deliver_one(&client, &address).await {} });
        }
        senders
    }

    /// Delivers one event. Returns false if no event is left or the service does not respond.
    async fn deliver_one(&self, client: &reqwest::Client, address: &str) -> bool {
        let Some(event) = self.state.lock().unwrap().next_event() else { return false };
        let url = format!("http://{address}/webhooks/stripe");
        let request = client.post(&url).header("stripe-signature", signature(&event.body));
        match request.body(event.body.clone()).send().await.map(|answer| answer.status().as_u16()) {
            Ok(200) => {
                self.record_acknowledged(event);
                true
            }
            Ok(status) => panic!("the service responded with {status} to {}", event.body),
            Err(_) => {
                self.state.lock().unwrap().waiting.push(event);
                false
            }
        }
    }

    /// Delivers one event, if any is left. Panics if the service responds with an error.
    pub(crate) async fn deliver_any(&self, address: &str) {
        self.deliver_one(&reqwest::Client::new(), address).await;
    }

    /// Records an event that this or another sender delivered.
    pub(crate) fn record_acknowledged(&self, event: Event) {
        let position = (self.position)();
        self.state.lock().unwrap().acknowledged.push((position, event));
        self.acknowledgement.notify_one();
    }

    /// Waits until `count` further events are acknowledged, or no event is left.
    pub(crate) async fn wait_for_acknowledgements(&self, count: usize) {
        let acknowledgements = async {
            for _ in 0..count {
                self.acknowledgement.notified().await;
                let state = self.state.lock().unwrap();
                if state.waiting.is_empty() && state.next_gift >= state.end_gift {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(120), acknowledgements)
            .await
            .expect("the service must acknowledge these events within two minutes");
    }

    /// The ids of all acknowledged events.
    pub(crate) fn acknowledged(&self) -> BTreeSet<String> {
        self.acknowledged_until(usize::MAX)
    }

    /// The ids of the events that were acknowledged at or before this position.
    pub(crate) fn acknowledged_until(&self, position: usize) -> BTreeSet<String> {
        let state = self.state.lock().unwrap();
        let events = state.acknowledged.iter().filter(|(at, _)| *at <= position);
        events.map(|(_, event)| event.id.clone()).collect()
    }

    /// The position of an acknowledgement that is chosen at random.
    pub(crate) fn position_of_an_acknowledgement(&self, random: &mut fastrand::Rng) -> usize {
        let state = self.state.lock().unwrap();
        state.acknowledged[random.usize(..state.acknowledged.len())].0
    }
}

/// Signs a body like Stripe, at the current time.
pub(crate) fn signature(body: &str) -> String {
    keepopen_practice::sign(body.as_bytes(), "whsec_practice", Clock::System.now_ms() / 1000)
}
