//! The state of the practice Stripe: all objects, events, stored replies and deliveries, in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, watch};

use crate::api::endpoints::Endpoint;
use crate::balance::Balance;
use crate::losing::{Fate, LossRules};
use crate::settings::Clock;
use crate::webhooks::{Delivery, Job, Receiver};
use crate::{API_VERSION, Refused, ids};

/// A way in which an API call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The call is not carried out. The reply is an error in Stripe's form with this HTTP status. As with Stripe, the
    /// error is stored under the call's idempotency key, unless the status is 401, 409 or 429.
    Status(u16),
    /// The call is carried out, but the response is a 502 with an HTML page instead of JSON.
    HtmlBadGateway,
    /// The call is carried out, but the response arrives only after this time.
    Hang(Duration),
    /// The call is carried out, but the connection breaks before the response.
    Drop,
}

/// The data of a Checkout Session that its object in the API does not contain. It has nothing to do with Stripe's
/// object `plan`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) lines: Vec<Line>,
    /// For a subscription, the unit of the interval (such as `month` or `year`) and the number of units.
    pub(crate) interval: Option<(String, i64)>,
    pub(crate) intent_metadata: Value,
    pub(crate) intent_description: Value,
    pub(crate) subscription_metadata: Value,
    pub(crate) subscription_description: Value,
    /// The payment intent. It is created at the first attempt to pay. A session shows it only after the session is
    /// complete.
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
    /// The total of the line, in minor units.
    pub(crate) fn amount_minor(&self) -> i64 {
        number(&self.price, "unit_amount") * self.quantity
    }
}

/// How long the API shows an event, in seconds.
const EVENT_TTL_S: i64 = 30 * 86_400;

/// A reply that is stored under an idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct StoredReply {
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request_id: String,
}

/// The state of the practice Stripe.
pub(crate) struct State {
    clock: Clock,
    objects: HashMap<String, Value>,
    /// The ids of each kind of object, oldest first.
    order: HashMap<String, Vec<String>>,
    pub(crate) events: Vec<Value>,
    /// The thin events, which the API does not list with the others.
    thin_events: Vec<Value>,
    /// The ids of all Checkout Sessions, each with its data that the API does not show.
    pub(crate) plans: HashMap<String, Plan>,
    pub(crate) balance: Balance,
    pub(crate) replies: HashMap<String, StoredReply>,
    pub(crate) deliveries: Vec<Delivery>,
    /// The events that will not be delivered: their last attempt failed, or they were lost before the first one.
    pub(crate) given_up: HashSet<String>,
    pub(crate) loss_rules: LossRules,
    /// The ids of all events that `loss_rules` selected to be lost.
    pub(crate) lost: Vec<String>,
    /// The lost events that the API does not show.
    hidden: HashSet<String>,
    /// How API calls fail, and how many more calls will fail. If the number is `None`, all further calls fail.
    pub(crate) trouble: Option<(Trouble, Option<u32>)>,
    /// How many calls succeed before calls begin to fail.
    pub(crate) calls_before_trouble: u32,
    /// The request id and the idempotency key of the API call in progress.
    pub(crate) request: Option<(String, Option<String>)>,
    pub(crate) secret_key: String,
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_secret: String,
    pub(crate) account_name: String,
    /// Whether the account can't accept payments or receive payouts.
    pub(crate) account_is_limited: bool,
    /// The webhook endpoints that were created through the API, oldest first. `webhook_url` is not one of them.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) base_url: String,
    /// Sends jobs to the delivery queue.
    outbox: mpsc::UnboundedSender<Job>,
    /// The number of deliveries that are neither accepted nor given up.
    pub(crate) undelivered: watch::Sender<usize>,
}

/// The state, shared by the API, the pages, the delivery task and the handle [`crate::PracticeStripe`].
#[derive(Clone)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Locks the state and brings it up to date. Expires the sessions whose time is over. Makes pending balance entries
    /// available if their settling time is over.
    pub(crate) fn open(&self) -> MutexGuard<'_, State> {
        // After a panic in another call, the state may be incomplete. That is acceptable for practice.
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
            loss_rules: LossRules::default(),
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

    /// The current time, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Stores a new object under its own id. Returns the id.
    pub(crate) fn put(&mut self, object: Value) -> String {
        let id = text(&object, "id").to_owned();
        self.order.entry(text(&object, "object").to_owned()).or_default().push(id.clone());
        self.objects.insert(id.clone(), object);
        id
    }

    /// Replaces a deleted object with `remains`, which is what the API still shows of it. Lists no longer include the
    /// object.
    pub(crate) fn replace_with_remains(&mut self, id: &str, remains: Value) {
        if let Some(object) = self.objects.insert(id.to_owned(), remains) {
            let order = self.order.entry(text(&object, "object").to_owned()).or_default();
            order.retain(|other| other != id);
        }
    }

    /// The object with this id, if there is one.
    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// A copy of the object with this id, or null if there is none.
    pub(crate) fn copy_of(&self, id: &str) -> Value {
        self.objects.get(id).cloned().unwrap_or(Value::Null)
    }

    /// The object with this id and of this kind. Returns Stripe's error `resource_missing` if there is none.
    pub(crate) fn require(&self, kind: &str, id: &str) -> Result<Value, Refused> {
        match self.objects.get(id) {
            Some(object) if text(object, "object") == kind => Ok(object.clone()),
            _ => Err(Refused::missing(kind, id_param_of(kind), id)),
        }
    }

    /// All objects of a kind, oldest first.
    pub(crate) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        self.order.get(kind).into_iter().flatten().filter_map(|id| self.objects.get(id))
    }

    /// Sets top-level fields of an object. Returns the previous values of the fields that changed.
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

    /// Emits an event that contains the object in its current state.
    pub(crate) fn emit(&mut self, kind: &str, id: &str) {
        self.emit_change(kind, id, Value::Null);
    }

    /// Emits an event that also contains the previous values of the changed fields.
    pub(crate) fn emit_change(&mut self, kind: &str, id: &str, before: Value) {
        self.emit_object(kind, &self.copy_of(id), before);
    }

    /// Sets fields of an object. Emits an event if a value changed.
    pub(crate) fn change(&mut self, kind: &str, id: &str, fields: Value) {
        let before = self.set(id, fields);
        if before.as_object().is_some_and(|fields| !fields.is_empty()) {
            self.emit_change(kind, id, before);
        }
    }

    /// Emits an event that contains this object. The object need not be in the state.
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
        self.deliver_or_lose(event_id, receivers);
    }

    /// Adds a new event to the delivery queue, unless a rule in `loss_rules` selects the event to be lost.
    fn deliver_or_lose(&mut self, event_id: String, receivers: Vec<Receiver>) {
        let fate = self.loss_rules.next_fate();
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

    /// Stores and delivers a thin event. Returns its id.
    pub(crate) fn send_thin(&mut self, event: Value) -> String {
        let id = text(&event, "id").to_owned();
        self.thin_events.push(event);
        let receivers = self.receivers("v2.core.event");
        self.deliver_or_lose(id.clone(), receivers);
        id
    }

    /// All thin events, oldest first.
    pub(crate) fn thin_events(&self) -> Vec<Value> {
        self.thin_events.clone()
    }

    /// The receivers of an event of this type: the address in the settings, and the endpoints that accept it.
    pub(crate) fn receivers(&self, kind: &str) -> Vec<Receiver> {
        let endpoints = self.endpoints.iter().filter(|endpoint| endpoint.accepts(kind));
        let endpoints = endpoints.map(|endpoint| Receiver::Endpoint(text(&endpoint.object, "id").to_owned()));
        self.webhook_url.iter().map(|_| Receiver::Address).chain(endpoints).collect()
    }

    /// Adds an event to the delivery queue.
    pub(crate) fn enqueue(&mut self, event_id: &str, to: Receiver) {
        self.undelivered.send_modify(|count| *count += 1);
        if self.outbox.send(Job { event_id: event_id.to_owned(), to, attempt: 1 }).is_err() {
            // The server and its delivery task have ended, so nothing more will be delivered.
            self.undelivered.send_modify(|count| *count -= 1);
        }
    }

    /// The events that the API shows, oldest first. As with Stripe, it shows an event for 30 days.
    pub(crate) fn shown_events(&self) -> impl DoubleEndedIterator<Item = &Value> {
        let oldest = self.now() - EVENT_TTL_S;
        let kept = self.events.iter().filter(move |event| number(event, "created") >= oldest);
        kept.filter(|event| !self.hidden.contains(text(event, "id")))
    }

    /// Whether an event counts as delivered: a receiver accepted it, and no receiver's deliveries were given up. An
    /// event without receivers counts as delivered, unless it was lost on purpose.
    pub(crate) fn was_delivered(&self, event: &Value) -> bool {
        let id = text(event, "id");
        let is_accepted =
            self.deliveries.iter().any(|delivery| delivery.event_id == id && delivery.is_accepted());
        !self.given_up.contains(id) && (is_accepted || number(event, "pending_webhooks") == 0)
    }

    /// The event with this id, even one that the API does not show.
    pub(crate) fn event(&self, id: &str) -> Option<&Value> {
        self.events.iter().chain(&self.thin_events).find(|event| text(event, "id") == id)
    }
}

/// The value of a string field, or an empty string if the field is missing.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// The value of a whole-number field, or 0 if the field is missing.
pub(crate) fn number(object: &Value, name: &str) -> i64 {
    object[name].as_i64().unwrap_or_default()
}

/// The name that Stripe's errors use for the id of this kind of object.
fn id_param_of(kind: &str) -> &'static str {
    match kind {
        "checkout.session" => "session",
        "payment_intent" => "intent",
        "invoice" => "invoice",
        "dispute" => "dispute",
        "refund" => "refund",
        _ => "id",
    }
}
