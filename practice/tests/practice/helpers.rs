//! Starts a practice Stripe with a clock that the test moves, and calls its API.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use keepopen_practice::{PaymentChoice, PracticeStripe, Settings};
use serde_json::Value;

/// Monday, 7 December 2026, 12:00 UTC.
pub const NOON: i64 = 1_796_644_800;
/// The secret key for the API.
pub const KEY: &str = "sk_test_practice";
/// The secret with which webhook deliveries are signed.
pub const WEBHOOK_SECRET: &str = "whsec_practice";

/// A practice Stripe with its clock and an HTTP client.
pub struct TestStripe {
    pub practice: PracticeStripe,
    pub http: reqwest::Client,
    pub clock: Arc<AtomicI64>,
}

/// The settings of a practice Stripe with this clock. Failed deliveries are retried twice, without a pause.
pub fn settings(clock: &Arc<AtomicI64>) -> Settings {
    let clock = Arc::clone(clock);
    Settings {
        bind: ([127, 0, 0, 1], 0).into(),
        secret_key: KEY.to_owned(),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
        webhook_url: None,
        now: Arc::new(move || clock.load(Ordering::SeqCst)),
        retry_after: vec![Duration::ZERO; 2],
        account_name: "The Practice Courier".to_owned(),
    }
}

impl TestStripe {
    /// Starts a practice Stripe at `NOON`. Its webhook address is not set.
    pub async fn start() -> Self {
        let clock = Arc::new(AtomicI64::new(NOON));
        let practice = PracticeStripe::start(settings(&clock)).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { practice, http, clock }
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sends a POST call to the API. Returns the status and the body.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.send(self.http.post(self.url(path)).bearer_auth(KEY).form(form)).await
    }

    /// Sends a POST call with an idempotency key.
    pub async fn post_with_key(
        &self,
        path: &str,
        form: &[(&str, &str)],
        idempotency_key: &str,
    ) -> reqwest::Response {
        let request = self
            .http
            .post(self.url(path))
            .bearer_auth(KEY)
            .header("Idempotency-Key", idempotency_key)
            .form(form);
        request.send().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(self.http.delete(self.url(path)).bearer_auth(KEY)).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.http.get(self.url(path)).bearer_auth(KEY)).await
    }

    /// Sends any request. Returns the status and the JSON body.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let reply = request.send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    /// The URL of a path on the practice Stripe.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.practice.url())
    }

    /// Creates a session for a one-off payment of 10.00 euros. Returns its id.
    pub async fn one_off_session(&self) -> String {
        let (status, session) = self.post("/v1/checkout/sessions", &one_off_form()).await;
        assert_eq!(status, 200, "{session:#}");
        id(&session)
    }

    /// Creates a session for 10.00 euros a month. Returns its id.
    pub async fn monthly_session(&self) -> String {
        let (status, session) = self.post("/v1/checkout/sessions", &monthly_form()).await;
        assert_eq!(status, 200, "{session:#}");
        id(&session)
    }

    /// Pays 10.00 euros by card. Returns the charge's id.
    pub async fn pay_by_card(&self) -> String {
        let session = self.one_off_session().await;
        self.practice.pay(&session, PaymentChoice::Card).unwrap();
        self.practice.payments(&session).charge.unwrap()
    }

    /// Creates a subscription of 10.00 euros a month, paid by card. Returns its id.
    pub async fn subscribe(&self) -> String {
        let session = self.monthly_session().await;
        self.practice.pay(&session, PaymentChoice::Card).unwrap();
        self.practice.payments(&session).subscription.unwrap()
    }

    /// The `previous_attributes` of the newest event.
    pub fn previous_attributes(&self) -> Value {
        self.practice.events().pop().unwrap()["data"]["previous_attributes"].clone()
    }

    /// The types of all events from index `from` on.
    pub fn emitted_since(&self, from: usize) -> Vec<String> {
        self.practice.events()[from..].iter().map(|event| text_field(event, "type")).collect()
    }

    /// The types of all events.
    pub fn emitted(&self) -> Vec<String> {
        self.emitted_since(0)
    }

    /// The object of the newest event of this type.
    pub fn last_emitted(&self, kind: &str) -> Value {
        let events = self.practice.events();
        events
            .iter()
            .rev()
            .find(|event| event["type"] == kind)
            .unwrap_or_else(|| panic!("no event of type {kind}"))["data"]["object"]
            .clone()
    }
}

/// The parameters of a session for a one-off payment of 10.00 euros.
pub fn one_off_form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1:9/thanks?s={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "http://127.0.0.1:9/article"),
        ("customer_creation", "always"),
        ("submit_type", "donate"),
        ("metadata[attempt]", "a1"),
        ("payment_intent_data[metadata][attempt]", "a1"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "1000"),
        ("line_items[0][price_data][product_data][name]", "A contribution"),
    ]
}

/// The parameters of a session for 10.00 euros a month.
pub fn monthly_form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("mode", "subscription"),
        ("success_url", "http://127.0.0.1:9/thanks?s={CHECKOUT_SESSION_ID}"),
        ("metadata[attempt]", "m1"),
        ("subscription_data[metadata][attempt]", "m1"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "1000"),
        ("line_items[0][price_data][recurring][interval]", "month"),
        ("line_items[0][price_data][product_data][name]", "A monthly contribution"),
    ]
}

/// Changes the value of a parameter that the form already has.
pub fn set_value(form: &mut [(&'static str, &'static str)], name: &str, value: &'static str) {
    form.iter_mut().find(|(other, _)| *other == name).unwrap().1 = value;
}

/// The id of an object.
pub fn id(object: &Value) -> String {
    text_field(object, "id")
}

/// The value of a string field, or an empty string if the field is missing.
pub fn text_field(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_default().to_owned()
}
