//! Helpers for all tests of the running server.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use keepopen::app::App;
use keepopen::clock::{Clock, DAY_MS};
use keepopen::contributions::{Contribution, ContributionState, Entry, EntryKind};
use keepopen::reports;
use keepopen::sites::{self, Settings};
use keepopen::{actions, api};
use keepopen_practice::{PaymentChoice, PracticeStripe};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub use keepopen_testkit::memory_folder as folder;
use keepopen_testkit::{APPEALS, Database, journal, practice_stripe};

/// The start time of every test.
pub const START: &str = "2026-11-24T09:00:00Z";
/// The origin of the site `journal`.
pub const ORIGIN: &str = "https://journal.example.org";
/// A page of the site `journal`.
pub const ARTICLE: &str = "https://journal.example.org/world/ferries";
/// The e-mail address of the reader who gives.
pub const EMAIL: &str = "reader@example.org";

/// A running server on a free port, with its own database and its own practice Stripe (a local stand-in for
/// Stripe).
pub struct TestApp {
    pub app: Arc<App>,
    pub stripe: PracticeStripe,
    pub url: String,
    pub client: Client,
    pub server: actix_web::dev::ServerHandle,
    folder: TempDir,
    pub database: Database,
    finished: bool,
}

/// A gift that a reader has started.
#[derive(Clone, Debug)]
pub struct Gift {
    /// The id of the checkout session at Stripe.
    pub session: String,
    /// The id that the page chose for this attempt to give.
    pub attempt: Uuid,
}

/// A response of the server.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub json: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, json, headers }
    }

    /// Returns the code of a problem response (RFC 9457). Panics if the response is not a problem.
    pub fn code(&self) -> &str {
        let media_type = self.headers["content-type"].to_str().unwrap();
        assert_eq!(media_type, "application/problem+json", "{self:?}");
        assert_eq!(self.json["status"], self.status.as_u16(), "{self:?}");
        self.json["code"].as_str().unwrap()
    }

    /// Returns a text field of the JSON body. Panics if there is no such field.
    pub fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}"))
    }
}

/// The link that readers of the site `journal` get while Stripe is unavailable.
const FALLBACK: &str = "fallback_url = \"https://journal.example.org/give\"";
/// The amounts, in cents, that the site `journal` offers.
const CHOICES: &str = r#"
once = [500, 1500]
month = [500, 1000]
year = [5000]
default_interval = "month"
default_amount_minor = 1000"#;

/// Returns the settings of a test server. `more` is added at the end of the file.
pub fn settings(
    folder: &std::path::Path,
    database: &Database,
    stripe: &PracticeStripe,
    more: &str,
) -> Settings {
    let database = database.url();
    let appeals = folder.join("appeals.toml");
    if !appeals.exists() {
        std::fs::write(&appeals, APPEALS).unwrap();
    }
    let text = format!(
        r#"
        data_dir = "{folder}"
        [server]
        bind = "127.0.0.1:0"
        public_url = "https://give.example.org/"
        workers = 1
        [database]
        url = "{database}"
        [stripe]
        secret_key = "sk_test_practice"
        webhook_secrets = ["whsec_practice"]
        api_url = "{stripe}"
        timeout_seconds = 2
        [limits]
        checkout_address_per_minute = 1000000
        checkout_site_per_minute = 1000000
        checkout_attempt_per_minute = 1000000
        token_address_per_minute = 1000000
        token_site_per_minute = 1000000
        token_attempt_per_minute = 1000000
        stripe_read_seconds = 0
        [appeals]
        file = "{appeals}"
        {journal}
        [sites.gazette]
        name = "The Gazette"
        origins = ["https://gazette.example.org"]
        currency = "JPY"
        [sites.gazette.giving.JPY]
        minimum_minor = 100
        maximum_minor = 100000
        once = [500]
        default_interval = "once"
        default_amount_minor = 500
        {more}
        "#,
        folder = folder.display(),
        journal = journal(FALLBACK, CHOICES),
        stripe = stripe.url(),
        appeals = appeals.display(),
    );
    sites::from_toml(&text).unwrap()
}

/// Starts a practice Stripe that delivers no event by itself.
pub async fn practice(clock: &Clock) -> PracticeStripe {
    let clock = clock.clone();
    practice_stripe(move || clock.now_ms().div_euclid(1000)).await
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts a server with `more` settings at the end of the settings file.
    pub async fn start_with(more: &str) -> Self {
        Self::start_changed(more, |_| {}).await
    }

    /// Starts a server without an appeals file, so that appeals come from the database.
    pub async fn start_without_appeals() -> Self {
        Self::start_changed("", |settings| settings.appeals.file = None).await
    }

    /// Starts a server. `more` is added at the end of the settings file. Then `change` is applied to all settings.
    pub async fn start_changed(more: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let clock = Clock::movable(START.parse::<Timestamp>().unwrap());
        let stripe = practice(&clock).await;
        let database = Database::make(folder.path());
        let mut settings = settings(folder.path(), &database, &stripe, more);
        change(&mut settings);
        let app = actions::start(settings, clock).await.unwrap();
        let running = api::serve(&app).unwrap();
        tokio::spawn(running.server);
        // Don't reuse connections: under load, the server may close an idle one, and a POST on it would fail.
        let client = Client::builder()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let url = format!("http://{}", running.address);
        Self { app, stripe, url, client, server: running.handle, folder, database, finished: false }
    }

    /// Checks that the ledger is correct and that no event is waiting or dead, and stops the server. Every test must
    /// end with this call.
    pub async fn finish(mut self) {
        self.finished = true;
        assert_eq!(ledger_problems(&self.app).await, Vec::<String>::new());
        for event in self.app.store.events().await.unwrap() {
            let ended = event.state == "done" || event.state == "quarantined";
            assert!(ended && event.error.is_none(), "{event:?}");
        }
        self.server.stop(false).await;
        self.app.store.close().await;
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Advances the clock by this many days.
    pub fn advance_days(&self, days: i64) {
        self.app.clock.advance(days * DAY_MS);
    }

    /// Sends a JSON body to a route, as a page of the site `journal` does.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).header("origin", ORIGIN).json(body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a GET request, with a supporter token or an API key if there is one.
    pub async fn get(&self, path: &str, bearer: Option<&str>) -> Answer {
        let request = self.client.get(format!("{}{path}", self.url));
        let request = match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a request like [`TestApp::post`], as a client with this address behind a proxy on this machine.
    pub async fn post_from(&self, address: &str, path: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).header("origin", ORIGIN);
        self.send(request.header("x-forwarded-for", address).json(body)).await
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// Returns the banner's verdict for a reader with an empty history.
    pub async fn banner(&self, token: Option<&str>) -> Value {
        let question = json!({"site": "journal", "history": {}, "token": token});
        let answer = self.post("/v1/banner", &question).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json
    }

    /// Creates a payment page for a gift. The reader has not paid yet.
    pub async fn start_gift(&self, amount_minor: i64, interval: &str) -> Gift {
        let attempt = Uuid::from_u128(fastrand::u128(..));
        let answer = self.post("/v1/checkout", &checkout_body(attempt, amount_minor, interval)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Gift { session: answer.text("session").to_owned(), attempt }
    }

    /// Makes a gift and pays it by card. Stripe's events are not delivered yet.
    pub async fn give(&self, amount_minor: i64, interval: &str) -> Gift {
        let gift = self.start_gift(amount_minor, interval).await;
        self.stripe.pay(&gift.session, PaymentChoice::Card).unwrap();
        gift
    }

    /// Exchanges the paid session for a supporter token, as the reader's browser does.
    pub async fn exchange(&self, gift: &Gift) -> Answer {
        let body = json!({"grant": "checkout_session", "site": "journal", "session": gift.session, "attempt": gift.attempt});
        self.post("/v1/tokens", &body).await
    }

    /// Exchanges the session as [`TestApp::exchange`] does. If there is no token yet, the response has the payment's
    /// state.
    pub async fn exchange_reporting_state(&self, gift: &Gift) -> Answer {
        let body = json!({
            "grant": "checkout_session", "site": "journal", "session": gift.session, "attempt": gift.attempt, "report_state": true,
        });
        self.post("/v1/tokens", &body).await
    }

    /// Returns the supporter token of a paid gift.
    pub async fn token(&self, gift: &Gift) -> String {
        let answer = self.exchange(gift).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text("token").to_owned()
    }

    /// Delivers one event as Stripe does.
    pub async fn deliver(&self, event: &Value) -> Answer {
        let body = event.to_string();
        let signature = self.stripe.sign(body.as_bytes(), self.app.now_ms().div_euclid(1000));
        let request = self.client.post(format!("{}/webhooks/stripe", self.url));
        self.send(request.header("stripe-signature", signature).body(body)).await
    }

    /// Delivers all events since the start, as Stripe does.
    pub async fn deliver_all_events(&self) {
        for event in self.stripe.events() {
            let answer = self.deliver(&event).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    /// Delivers all events since the start, and lets the worker process them.
    pub async fn deliver_and_process_all_events(&self) {
        self.deliver_all_events().await;
        self.process_inbox().await;
    }

    /// Processes the inbox, and the queue of tasks that fetch objects from Stripe.
    pub async fn process_inbox(&self) {
        crate::queue::process_inbox_and_queue(&self.app).await;
    }

    /// Returns the contribution. There must be exactly one.
    pub async fn contribution(&self) -> Contribution {
        let all = self.app.store.contributions().await.unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    }

    /// Returns the state of the only contribution.
    pub async fn state(&self) -> ContributionState {
        self.contribution().await.state
    }

    /// Returns the kind and amount of every ledger entry for a payment or a reversal, ordered by the entry's cause.
    pub async fn ledger(&self) -> Vec<(EntryKind, i64)> {
        let entries = self.app.store.entries().await.unwrap();
        entries
            .into_iter()
            .filter(is_payment_or_reversal)
            .map(|entry| (entry.kind, entry.money.amount_minor))
            .collect()
    }

    /// Returns what readers gave to the site `journal`, minus reversals and before Stripe's fees, in euro cents.
    pub async fn clearing(&self) -> i64 {
        self.ledger().await.iter().map(|(kind, minor)| kind.sign() * minor).sum()
    }

    /// Creates a secret API key that may read supporters.
    pub async fn api_key(&self) -> String {
        let scopes = [keepopen::keys::Scope::SupportersRead];
        actions::create_api_key(&self.app.as_operator(), "test", &scopes).await.unwrap().secret
    }

    /// Returns the standing that a site's back end gets for [`EMAIL`], or the problem code if it finds no supporter.
    pub async fn standing(&self) -> String {
        let key = self.api_key().await;
        let request = self.client.post(format!("{}/v1/supporters/lookup", self.url)).bearer_auth(key);
        let answer = self.send(request.json(&json!({"site": "journal", "email": EMAIL}))).await;
        if answer.status == 404 {
            return answer.code().to_owned();
        }
        answer.text("standing").to_owned()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "a test must end with finish()");
    }
}

/// Returns the body of a checkout for the site `journal`, in euros.
pub fn checkout_body(attempt: Uuid, amount_minor: i64, interval: &str) -> Value {
    json!({
        "site": "journal", "attempt": attempt, "amount_minor": amount_minor, "currency": "EUR",
        "interval": interval, "return_url": ARTICLE,
    })
}

/// Returns the problems that the ledger check finds.
pub async fn ledger_problems(app: &App) -> Vec<String> {
    reports::check_ledger(&app.store, &reports::SealKey::of(&app.vault)).await.unwrap().problems
}

/// Whether an entry is for a payment or a reversal, as opposed to fees, conversions and payouts.
pub fn is_payment_or_reversal(entry: &Entry) -> bool {
    use EntryKind::*;
    matches!(entry.kind, Payment | Refund | RefundReversal | Dispute | DisputeReversal)
}

/// Returns the token with an invalid signature. Each number gives a different signature.
pub fn forged(token: &str, number: u8) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature[0] ^= number;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
