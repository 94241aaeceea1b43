//! Checks bodies of `POST /v1/banner`, which are called questions. The appeals of the checked service use every rule.
//!
//! In a body, `{token}` stands for a valid supporter token of a monthly giver. `{once}` stands for a valid token of a
//! one-off giver.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use keepopen::api::verdict_json;
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::ids::SupporterId;
use keepopen::keys::{Claims, TokenScope};
use keepopen::{actions, sites};
use keepopen_decision::{Question, fast_question};
use serde_json::{Value, json};

use super::NOW_S;

/// Checks that the response to any body is either an error or a complete verdict.
pub fn reader_context(data: &[u8]) {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    let service = SERVICE.get_or_init(Service::start);
    let body = service.replace_placeholders(data);
    if let Some(fast) = std::str::from_utf8(&body).ok().and_then(fast_question) {
        let question = serde_json::from_slice::<Question<'_>>(&body)
            .expect("serde must accept what the fast parser accepts");
        assert_eq!(fast, question, "serde and the fast parser read different questions");
    }
    let Ok(response) = verdict_json(&service.app, &body) else { return };
    let verdict: Value = serde_json::from_slice(&response).expect("a verdict must be JSON");
    let reason = verdict["reason"].as_str().expect("a verdict must have a reason");
    let next_eligible_at = &verdict["next_eligible_at"];
    let is_time = next_eligible_at.as_str().is_some_and(|time| time.parse::<Timestamp>().is_ok());
    assert!(next_eligible_at.is_null() || is_time, "next_eligible_at is not a time: {verdict}");
    if verdict["show"] == true {
        assert_eq!(reason, "matched", "{verdict}");
        for field in ["surface", "kind", "appeal", "variant", "attribution"] {
            assert!(verdict[field].is_string(), "{field} is missing: {verdict}");
        }
        assert!(verdict["content"]["heading"].is_string(), "{verdict}");
    } else {
        assert_eq!(verdict["show"], false, "{verdict}");
        assert!(verdict.get("content").is_none(), "a verdict that shows nothing has content: {verdict}");
        let has_attribution = verdict.get("attribution").is_some();
        assert_eq!(has_attribution, reason == "holdout", "{verdict}");
    }
}

struct Service {
    app: Arc<App>,
    /// The placeholders in a body, each with its token.
    tokens: [(&'static str, String); 2],
    /// Keeps the runtime of the database's connections alive. No question uses the database.
    _runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder must be creatable");
        std::fs::write(folder.path().join("appeals.toml"), APPEALS)
            .expect("the temporary folder must be writable");
        let settings = SETTINGS.replace("{folder}", &folder.path().display().to_string());
        let settings = sites::from_toml(&settings).expect("the fixed settings must be valid");
        let clock = Clock::movable(Timestamp::from_second(NOW_S).expect("NOW_S must be a valid time"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the runtime must start");
        let app = runtime.block_on(actions::start(settings, clock)).expect("the service must start");
        assert!(app.snapshot.load().problems.is_empty(), "{:?}", app.snapshot.load().problems);
        let sign = |standing, quiet_until| app.tokens.sign(&claims(&app, standing, quiet_until));
        let tokens = [("{token}", sign("recurring", None)), ("{once}", sign("one_off", Some(NOW_S - 5)))];
        Self { app, tokens, _runtime: runtime, _folder: folder }
    }

    fn replace_placeholders(&self, data: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(data) else { return data.to_vec() };
        self.tokens.iter().fold(text.to_owned(), |text, (name, token)| text.replace(name, token)).into_bytes()
    }
}

fn claims(app: &App, standing: &str, quiet_until: Option<i64>) -> Claims {
    Claims {
        iss: app.tokens.issuer().to_owned(),
        aud: "journal".to_owned(),
        sub: SupporterId::from_bytes([3; 16]),
        iat: NOW_S,
        exp: NOW_S + 60,
        nbf: None,
        jti: "one".to_owned(),
        epoch: 0,
        scope: TokenScope::Standing,
        standing: serde_json::from_value(json!(standing)).expect("the label must be a standing"),
        quiet_until,
        entitlements: Vec::new(),
    }
}

const SETTINGS: &str = r#"
data_dir = "{folder}"
[server]
public_url = "https://give.example.org/"
[stripe]
secret_key = "sk_test_none"
webhook_secrets = ["whsec_none"]
[appeals]
file = "{folder}/appeals.toml"
[sites.journal]
name = "The Journal"
origins = ["https://journal.example.org"]
currency = "EUR"
time_zone = "Europe/Dublin"
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
once = [500, 1500]
month = [500, 1000]
default_interval = "month"
default_amount_minor = 1000
"#;
const APPEALS: &str = include_str!("appeals.toml");
