//! Runs the built program with a practice Stripe, and collects everything that it logs.

use std::process::{Command, Stdio};

use keepopen::clock::Clock;
use keepopen_practice::PracticeStripe;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use keepopen_testkit::{APPEALS, Database, Running, journal, practice_stripe_with};

pub const ORIGIN: &str = "https://journal.example.org";
pub const STRIPE_KEY: &str = "sk_test_leakkey";
pub const WEBHOOK_SECRET: &str = "whsec_leaksecret";
pub const API_NAME: &str = "leak back end";

const SETTINGS: &str = r#"
[server]
bind = "127.0.0.1:0"
workers = 1
[management]
bind = "127.0.0.1:0"
[stripe]
secret_key = "sk_test_leakkey"
webhook_secrets = ["whsec_leaksecret"]
api_url = "{stripe}"
[appeals]
file = "appeals.toml"
[log]
level = "debug"
format = "{format}"
"#;
const CHOICES: &str = "once = [500, 1000]
default_interval = \"once\"
default_amount_minor = 1000";

/// The running program.
pub struct Service {
    pub stripe: PracticeStripe,
    pub api_key: String,
    url: String,
    management_url: String,
    client: Client,
    running: Running,
    logs: String,
    _database: Database,
    _folder: TempDir,
}

impl Service {
    /// Starts the program with logs at level debug. `format` is `human` or `json`.
    pub async fn start(format: &str) -> Self {
        let now = || Clock::System.now_ms() / 1000;
        let stripe = practice_stripe_with(now, |settings| {
            settings.secret_key = STRIPE_KEY.to_owned();
            settings.webhook_secret = WEBHOOK_SECRET.to_owned();
        })
        .await;
        let folder = TempDir::new().unwrap();
        let database = Database::make(folder.path());
        let settings =
            SETTINGS.replace("{stripe}", &stripe.url()).replace("{format}", format) + &journal("", CHOICES);
        std::fs::write(folder.path().join("keepopen.toml"), settings).unwrap();
        std::fs::write(folder.path().join("appeals.toml"), APPEALS).unwrap();
        let command = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_keepopen"));
            command.args(arguments).current_dir(folder.path()).env_clear().stdin(Stdio::null());
            command.env("DATABASE_URL", database.url());
            command
        };
        let created =
            command(&["api-key", "create", "--name", API_NAME, "--scope", "supporters:read"]).output();
        let api_key = String::from_utf8(created.unwrap().stdout).unwrap().lines().next().unwrap().to_owned();
        assert!(api_key.starts_with("keepopen_sk_"), "{api_key}");
        let running = Running::start(command(&["serve"]).stdout(Stdio::null()));
        let client = Client::builder().redirect(Policy::none()).user_agent(super::AGENT).build().unwrap();
        let (url, management_url) = (String::new(), String::new());
        let logs = String::new();
        let mut service = Self {
            stripe,
            api_key,
            url,
            management_url,
            client,
            running,
            logs,
            _database: database,
            _folder: folder,
        };
        service.management_url = address_in(&service.logs_until("serving health checks and metrics"));
        service.url = address_in(&service.logs_until("keepopen is serving requests"));
        service
    }

    /// Reads the log until a line contains this text. Returns that line.
    pub fn logs_until(&mut self, words: &str) -> String {
        if let Some(line) = self.logs.lines().find(|line| line.contains(words)) {
            return line.to_owned();
        }
        let new_lines = self.running.logs_until(words);
        self.logs.push_str(&new_lines);
        new_lines.lines().next_back().unwrap().to_owned()
    }

    /// Stops the program. Returns its whole log.
    pub fn stop(mut self) -> String {
        self.logs + &self.running.stop_and_read_log()
    }

    /// Sends JSON as a reader's page does, and also sends the API key. The response must be successful. Returns the
    /// body.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).header("origin", ORIGIN);
        let answer = request.bearer_auth(&self.api_key).json(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends a text as a JSON body, without the API key. Returns the status.
    pub async fn post_text(&self, path: &str, body: &str) -> StatusCode {
        let request = self.client.post(format!("{}{path}", self.url)).header("origin", ORIGIN);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        request.send().await.unwrap().status()
    }

    /// Sends a GET request with a bearer token. Returns the status.
    pub async fn get(&self, path: &str, bearer: &str) -> StatusCode {
        self.client.get(format!("{}{path}", self.url)).bearer_auth(bearer).send().await.unwrap().status()
    }

    /// Sends a request that must fail. Returns the status and the request's id.
    pub async fn post_failing(&self, path: &str, body: &Value) -> (StatusCode, String) {
        let request = self.client.post(format!("{}{path}", self.url)).header("origin", ORIGIN);
        let answer = request.json(body).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        (answer.status(), id)
    }

    /// Pays on the payment page of the practice Stripe.
    pub async fn pay(&self, page: &str, email: &str, name: &str) {
        let form = [("email", email), ("name", name), ("how", "card")];
        let request = self.client.post(page).header("origin", self.stripe.url()).form(&form);
        assert_eq!(request.send().await.unwrap().status(), 303);
    }

    /// Delivers a body with a signature like Stripe's. Returns the status.
    pub async fn deliver(&self, body: &str) -> StatusCode {
        let signature = self.stripe.sign(body.as_bytes(), Clock::System.now_ms() / 1000);
        let request = self.client.post(format!("{}/webhooks/stripe", self.url));
        request.header("stripe-signature", signature).body(body.to_owned()).send().await.unwrap().status()
    }

    /// Reads the metrics from the management server.
    pub async fn metrics(&self) -> (StatusCode, String) {
        let answer = self.client.get(format!("{}/metrics", self.management_url)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// The URL of the address in a log line, which contains `address=127.0.0.1:1234` or `"address":"127.0.0.1:1234"`.
fn address_in(line: &str) -> String {
    let after = line
        .split("127.0.0.1:")
        .nth(1)
        .unwrap_or_else(|| panic!("the log line must contain an address: {line}"));
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    format!("http://127.0.0.1:{port}")
}
