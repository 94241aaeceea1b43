//! The books of the stand-in: every object, event, stored reply and delivery, in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, watch};

use crate::api::endpoints::Endpoint;
use crate::balance::Balance;
use crate::losing::{Fate, Losing};
use crate::settings::Clock;
use crate::webhooks::{Delivery, Job, Receiver};
use crate::{API_VERSION, Refused, ids};

/// Something that goes wrong with an API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The call is not carried out and answered with this HTTP status and a Stripe-shaped error.
    /// A status of 500 or more is stored under the call's idempotency key, as at Stripe.
    Status(u16),
    /// The call is carried out, but the answer is a 502 with an HTML page in place of JSON.
    HtmlBadGateway,
    /// The call is carried out, but the answer comes only after this time.
    Hang(Duration),
    /// The call is carried out, but the connection breaks before the answer.
    Drop,
}

/// What a Checkout Session will do, beside what its public object shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) lines: Vec<Line>,
    /// `month` or `year` and how many, for a subscription.
    pub(crate) interval: Option<(String, i64)>,
    pub(crate) intent_metadata: Value,
    pub(crate) intent_description: Value,
    pub(crate) subscription_metadata: Value,
    pub(crate) subscription_description: Value,
    /// The payment intent, made at the first try to pay and shown on the session only when it completes.
    pub(crate) payment_intent: Option<String>,
    pub(crate) invoice: Option<String>,
}

/// One line of a Checkout Session.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) price: Value,
    pub(crate) quantity: i64,
}

impl Line {
    /// What the line costs, in minor units.
    pub(crate) fn amount_minor(&self) -> i64 {
        number(&self.price, "unit_amount") * self.quantity
    }
}

/// How long the API shows an event, in seconds.
const EVENTS_KEPT: i64 = 30 * 86_400;

/// A reply kept under an idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct StoredReply {
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request_id: String,
}

/// Everything the stand-in knows.
pub(crate) struct State {
    clock: Clock,
    objects: HashMap<String, Value>,
    /// For each kind of object the ids of all, the oldest first.
    order: HashMap<String, Vec<String>>,
    pub(crate) events: Vec<Value>,
    /// Thin events; the API does not list them with the others.
    thin_events: Vec<Value>,
    pub(crate) plans: HashMap<String, Plan>,
    pub(crate) balance: Balance,
    pub(crate) replies: HashMap<String, StoredReply>,
    pub(crate) deliveries: Vec<Delivery>,
    /// The events whose last try failed, or that were lost before the first.
    pub(crate) given_up: HashSet<String>,
    pub(crate) losing: Losing,
    /// Every event that got lost.
    pub(crate) lost: Vec<String>,
    /// Those of them that the API does not show.
    hidden: HashSet<String>,
    pub(crate) trouble: Option<(Trouble, Option<u32>)>,
    /// Calls that are carried out before the trouble begins.
    pub(crate) calls_before_trouble: u32,
    /// The API call that is being carried out: its request id and idempotency key.
    pub(crate) request: Option<(String, Option<String>)>,
    pub(crate) secret_key: String,
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_secret: String,
    pub(crate) account_name: String,
    pub(crate) account_is_limited: bool,
    /// Beside `webhook_url`: the endpoints that were made through the API, the oldest first.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) base_url: String,
    outbox: mpsc::UnboundedSender<Job>,
    pub(crate) undelivered: watch::Sender<usize>,
}

/// The books, shared by the API, the pages, the deliveries and the Rust handle.
#[derive(Clone)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// The books as they stand at this time: sessions that have run out of it are closed, money that was to come is there.
    pub(crate) fn open(&self) -> MutexGuard<'_, State> {
        // A panic in one call leaves books that are still good enough to practise with.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        crate::flows::checkout::expire_overdue(&mut state);
        crate::flows::balance::settle_due(&mut state);
        state
    }
}

impl State {
    pub(crate) fn new(
        settings: &crate::Settings,
        base_url: String,
        outbox: mpsc::UnboundedSender<Job>,
    ) -> Self {
        Self {
            clock: settings.now.clone(),
            objects: HashMap::new(),
            order: HashMap::new(),
            events: Vec::new(),
            thin_events: Vec::new(),
            plans: HashMap::new(),
            balance: Balance::default(),
            replies: HashMap::new(),
            deliveries: Vec::new(),
            given_up: HashSet::new(),
            losing: Losing::default(),
            lost: Vec::new(),
            hidden: HashSet::new(),
            trouble: None,
            calls_before_trouble: 0,
            request: None,
            secret_key: settings.secret_key.trim().to_owned(),
            webhook_url: settings.webhook_url.clone(),
            webhook_secret: settings.webhook_secret.clone(),
            account_name: settings.account_name.clone(),
            account_is_limited: false,
            endpoints: Vec::new(),
            base_url,
            outbox,
            undelivered: watch::Sender::new(0),
        }
    }

    /// The time, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Keeps a new object under its own id and gives the id back.
    pub(crate) fn put(&mut self, object: Value) -> String {
        let id = text(&object, "id").to_owned();
        self.order.entry(text(&object, "object").to_owned()).or_default().push(id.clone());
        self.objects.insert(id.clone(), object);
        id
    }

    /// Puts what is left of a deleted object in its place; no list shows it any more.
    pub(crate) fn replace_with_remains(&mut self, id: &str, remains: Value) {
        if let Some(object) = self.objects.insert(id.to_owned(), remains) {
            let order = self.order.entry(text(&object, "object").to_owned()).or_default();
            order.retain(|other| other != id);
        }
    }

    /// The object of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The object of this id, or null.
    pub(crate) fn see(&self, id: &str) -> Value {
        self.objects.get(id).cloned().unwrap_or(Value::Null)
    }

    /// The object of this id if it is of this kind, else Stripe's `resource_missing`.
    pub(crate) fn want(&self, kind: &str, id: &str) -> Result<Value, Refused> {
        match self.objects.get(id) {
            Some(object) if text(object, "object") == kind => Ok(object.clone()),
            _ => Err(Refused::missing(kind, param_of(kind), id)),
        }
    }

    /// All objects of a kind, oldest first.
    pub(crate) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        self.order.get(kind).into_iter().flatten().filter_map(|id| self.objects.get(id))
    }

    /// Sets some top-level fields and gives back what those that changed held before.
    pub(crate) fn set(&mut self, id: &str, fields: Value) -> Value {
        let mut before = Map::new();
        if let (Some(Value::Object(object)), Value::Object(fields)) = (self.objects.get_mut(id), fields) {
            for (name, value) in fields {
                let old = object.insert(name.clone(), value.clone()).unwrap_or(Value::Null);
                if old != value {
                    before.insert(name, old);
                }
            }
        }
        Value::Object(before)
    }

    /// Makes an event about the object as it is now.
    pub(crate) fn emit(&mut self, kind: &str, id: &str) {
        self.emit_change(kind, id, Value::Null);
    }

    /// Makes an event that also tells what the object's changed fields held before.
    pub(crate) fn emit_change(&mut self, kind: &str, id: &str, before: Value) {
        self.emit_object(kind, &self.see(id), before);
    }

    /// Changes some fields and, if that was news, tells of it.
    pub(crate) fn change(&mut self, kind: &str, id: &str, fields: Value) {
        let before = self.set(id, fields);
        if before.as_object().is_some_and(|fields| !fields.is_empty()) {
            self.emit_change(kind, id, before);
        }
    }

    /// Makes an event about an object, which may be one that the books don't hold.
    pub(crate) fn emit_object(&mut self, kind: &str, object: &Value, before: Value) {
        let mut data = json!({ "object": object });
        if before.as_object().is_some_and(|fields| !fields.is_empty()) {
            data["previous_attributes"] = before;
        }
        let (request_id, key) =
            self.request.clone().map_or((Value::Null, Value::Null), |(id, key)| (json!(id), json!(key)));
        let event_id = ids::new("evt_");
        let receivers = self.receivers(kind);
        let pending = receivers.len();
        self.events.push(json!({
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": false,
            "pending_webhooks": pending,
            "request": { "id": request_id, "idempotency_key": key },
            "type": kind,
        }));
        self.send_off(event_id, receivers);
    }

    /// A new event is delivered, unless it gets lost.
    fn send_off(&mut self, event_id: String, receivers: Vec<Receiver>) {
        let fate = self.losing.next();
        if fate == Fate::Delivered {
            for receiver in receivers {
                self.enqueue(&event_id, receiver);
            }
            return;
        }
        if fate == Fate::Hidden {
            self.hidden.insert(event_id.clone());
        }
        self.given_up.insert(event_id.clone());
        self.lost.push(event_id);
    }

    /// Delivers a thin event; its id.
    pub(crate) fn send_thin(&mut self, event: Value) -> String {
        let id = text(&event, "id").to_owned();
        self.thin_events.push(event);
        let receivers = self.receivers("v2.core.event");
        self.send_off(id.clone(), receivers);
        id
    }

    /// Every thin event, oldest first.
    pub(crate) fn thin_events(&self) -> Vec<Value> {
        self.thin_events.clone()
    }

    /// Who is told of an event of this kind: the address of the settings, and endpoints by their ids.
    pub(crate) fn receivers(&self, kind: &str) -> Vec<Receiver> {
        let endpoints = self.endpoints.iter().filter(|endpoint| endpoint.accepts(kind));
        let endpoints = endpoints.map(|endpoint| Receiver::Endpoint(text(&endpoint.object, "id").to_owned()));
        self.webhook_url.iter().map(|_| Receiver::Address).chain(endpoints).collect()
    }

    /// Puts an event into the delivery queue.
    pub(crate) fn enqueue(&mut self, event_id: &str, to: Receiver) {
        self.undelivered.send_modify(|count| *count += 1);
        if self.outbox.send(Job { event_id: event_id.to_owned(), to, attempt: 1 }).is_err() {
            // The worker is gone with the server: nothing will be delivered any more.
            self.undelivered.send_modify(|count| *count -= 1);
        }
    }

    /// The events that the API shows, oldest first: Stripe keeps them for 30 days.
    pub(crate) fn shown_events(&self) -> impl DoubleEndedIterator<Item = &Value> {
        let oldest = self.now() - EVENTS_KEPT;
        let kept = self.events.iter().filter(move |event| number(event, "created") >= oldest);
        kept.filter(|event| !self.hidden.contains(text(event, "id")))
    }

    /// Whether every endpoint took an event. One that nobody was to hear counts as heard.
    pub(crate) fn was_delivered(&self, event: &Value) -> bool {
        let id = text(event, "id");
        let taken = self.deliveries.iter().any(|delivery| delivery.event_id == id && delivery.taken());
        !self.given_up.contains(id) && (taken || number(event, "pending_webhooks") == 0)
    }

    /// The event of this id, also one that the API does not show.
    pub(crate) fn event(&self, id: &str) -> Option<&Value> {
        self.events.iter().chain(&self.thin_events).find(|event| text(event, "id") == id)
    }
}

/// A text field, empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// A whole-number field, 0 where there is none.
pub(crate) fn number(object: &Value, name: &str) -> i64 {
    object[name].as_i64().unwrap_or_default()
}

/// What Stripe calls the path parameter of a kind of object.
fn param_of(kind: &str) -> &'static str {
    match kind {
        "checkout.session" => "session",
        "payment_intent" => "intent",
        "invoice" => "invoice",
        "dispute" => "dispute",
        "refund" => "refund",
        _ => "id",
    }
}
