//! Delivers signed events from one queue. The first attempts follow the order of the events. A failed delivery is
//! retried after the configured waiting times, so a receiver may get an event more than once.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::Refused;
use crate::state::{SharedState, State, text};

/// The time in which a receiver must respond to a delivery.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An attempt to deliver an event to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the event, `evt_…`.
    pub event_id: String,
    /// The id of the endpoint, `we_…`, or `None` for the address in the settings.
    pub endpoint: Option<String>,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
    /// The HTTP status of the receiver's response, or `None` if there was no response.
    pub status: Option<u16>,
    /// The time of the attempt, in seconds since 1970.
    pub at: i64,
}

impl Delivery {
    /// Whether the receiver accepted the event.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// A receiver of events.
#[derive(Debug, Clone)]
pub(crate) enum Receiver {
    /// The address in the settings.
    Address,
    /// The endpoint with this id, which was created through the API.
    Endpoint(String),
}

/// An event that waits for its next delivery attempt.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) event_id: String,
    pub(crate) to: Receiver,
    pub(crate) attempt: u32,
}

/// The value of the `Stripe-Signature` header for this body, secret and time in seconds since 1970.
#[must_use]
pub fn sign(body: &[u8], webhook_secret: &str, timestamp_secs: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, webhook_secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{timestamp_secs}.").as_bytes());
    context.update(body);
    format!("t={timestamp_secs},v1={}", hex::encode(context.sign()))
}

/// Delivers the events from the queue until the server ends.
pub(crate) async fn deliver_all(
    state: SharedState,
    mut queue: mpsc::UnboundedReceiver<Job>,
    retries: mpsc::UnboundedSender<Job>,
    retry_after: Vec<Duration>,
) {
    // Deliveries on this machine must not go through a proxy that the environment names.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "the practice Stripe can't deliver webhooks");
            return;
        }
    };
    while let Some(job) = queue.recv().await {
        let is_accepted = deliver(&client, &state, &job).await;
        let wait = retry_after.get(job.attempt as usize - 1).copied();
        match wait {
            Some(wait) if !is_accepted => {
                let retries = retries.clone();
                actix_web::rt::spawn(async move {
                    tokio::time::sleep(wait).await;
                    // The queue closes only when the server ends, so an error means that the server has ended.
                    let _ = retries.send(Job { attempt: job.attempt + 1, ..job });
                });
            }
            _ => {
                let mut state = state.open();
                if !is_accepted {
                    state.given_up.insert(job.event_id);
                }
                state.undelivered.send_modify(|count| *count -= 1);
            }
        }
    }
}

/// Tries to deliver an event once. Returns whether the receiver accepted it.
async fn deliver(client: &reqwest::Client, state: &SharedState, job: &Job) -> bool {
    let (url, body, signature, at) = {
        let state = state.open();
        let Some((url, secret, event)) = prepare(&state, job) else {
            return true;
        };
        let body = format!("{event:#}");
        let at = state.now();
        let signature = sign(body.as_bytes(), &secret, at);
        (url, body, signature, at)
    };
    let request = client
        .post(url)
        .header("Content-Type", "application/json; charset=utf-8")
        .header("User-Agent", "Practice-Stripe/1.0")
        .header("Stripe-Signature", signature)
        .body(body);
    let status = request.send().await.ok().map(|reply| reply.status().as_u16());
    let endpoint = match &job.to {
        Receiver::Address => None,
        Receiver::Endpoint(id) => Some(id.clone()),
    };
    let delivery = Delivery { event_id: job.event_id.clone(), endpoint, attempt: job.attempt, status, at };
    let is_accepted = delivery.is_accepted();
    state.open().deliveries.push(delivery);
    is_accepted
}

/// The URL, the secret and the event for a delivery. `None` if the receiver no longer exists, or no
/// longer accepts this type of event.
fn prepare(state: &State, job: &Job) -> Option<(String, String, Value)> {
    let event = state.event(&job.event_id)?.clone();
    match &job.to {
        Receiver::Address => Some((state.webhook_url.clone()?, state.webhook_secret.clone(), event)),
        Receiver::Endpoint(id) => {
            let endpoint = state.endpoints.iter().find(|endpoint| text(&endpoint.object, "id") == id)?;
            let url = text(&endpoint.object, "url").to_owned();
            endpoint
                .accepts(text(&event, "type"))
                .then(|| (url, endpoint.secret.clone(), endpoint.rendered(event)))
        }
    }
}

/// Adds an event to the delivery queue again, once for each receiver.
pub(crate) fn deliver_again(state: &mut State, event_id: &str) -> Result<(), Refused> {
    let Some(event) = state.event(event_id) else {
        return Err(Refused::missing("event", "id", event_id));
    };
    let receivers = state.receivers(text(event, "type"));
    if receivers.is_empty() {
        return Err(Refused::invalid(None, "There is no webhook address to deliver to."));
    }
    state.given_up.remove(event_id);
    for receiver in receivers {
        state.enqueue(event_id, receiver);
    }
    Ok(())
}
