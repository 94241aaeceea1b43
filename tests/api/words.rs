//! The copy (text) of an appeal over HTTP: its blocks, languages, short forms for phones, and values.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::TestApp;

const COPY: &str = r#"
[[appeals]]
id = "count"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
live = "live"
without_history = "ask"
schedule = { ends_at = "2026-12-13" }

[[appeals.variants]]
id = "a"

[appeals.variants.copy]
locale = "en"
heading = "You have read {article_count} articles"
body = [
    "It is {weekday}.",
    { quote = "I read it in {country}.", by = "A reader" },
    { image = "https://images.journal.example.org/desk.jpg", alt = "", width = 640, height = 360 },
    { list = ["One", "Two"] },
]
cta = "Give {gift}"
thanks = { heading = "Thank you", body = [{ quote = "Well done." }] }
mobile = { heading = "Help us", body = [] }

[appeals.variants.copy.translations.de]
heading = "Noch {days_left} Tage"
body = ["Heute ist der {date}, in {currency}."]

[[appeals]]
id = "plain"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
live = "live"
priority = -1

[[appeals.variants]]
id = "a"
copy = { heading = "Help" }
"#;

/// Starts a server with the appeals in [`COPY`].
async fn start() -> TestApp {
    let app = TestApp::start().await;
    publish(&app, COPY);
    app
}

/// Writes the appeals file and publishes it.
fn publish(app: &TestApp, text: &str) {
    std::fs::write(app.folder().join("appeals.toml"), text).unwrap();
    keepopen::actions::publish_appeals(&app.app).unwrap();
}

/// Returns the verdict for this reader and history.
async fn ask(app: &TestApp, reader: Value, history: Value) -> Value {
    let question = json!({"site": "journal", "reader": reader, "history": history});
    let answer = app.post("/v1/banner", &question).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json
}

#[tokio::test]
async fn the_response_has_the_blocks_in_order_and_the_values_that_they_use() {
    let app = start().await;
    let history =
        json!({"articles": [{"week": "2026-11-23", "count": 3}, {"week": "2026-11-16", "count": 4}]});
    let verdict = ask(&app, json!({"country": "ie"}), history).await;
    let content = json!({
        "locale": "en",
        "heading": "You have read {article_count} articles",
        "body": [
            "It is {weekday}.",
            {"quote": "I read it in {country}.", "by": "A reader"},
            {"image": "https://images.journal.example.org/desk.jpg", "alt": "", "width": 640, "height": 360},
            {"list": ["One", "Two"]},
        ],
        "cta": "Give {gift}",
        "choices": verdict["content"]["choices"],
        "thanks": {"heading": "Thank you", "body": [{"quote": "Well done."}]},
        "quiet_days": {"close": 14, "later": 3, "already_gave": 365, "gift": 90},
    });
    assert_eq!(verdict["content"], content);
    assert_eq!(verdict["content"]["choices"]["currency"], "EUR");
    assert_eq!(verdict["values"], json!({"article_count": 7, "country": "IE", "weekday": "tuesday"}));
    app.finish().await;
}

#[tokio::test]
async fn readers_get_copy_in_their_language_and_shorter_copy_on_a_phone() {
    let app = start().await;
    let german = ask(&app, json!({"country": "AT", "locale": "de-AT"}), json!({})).await;
    assert_eq!(
        (&german["content"]["locale"], &german["content"]["heading"]),
        (&json!("de"), &json!("Noch {days_left} Tage"))
    );
    assert_eq!(german["values"], json!({"currency": "EUR", "date": "2026-11-24", "days_left": 20}));
    let phone = ask(&app, json!({"country": "FR", "locale": "fr", "device": "mobile"}), json!({})).await;
    assert_eq!(
        (&phone["content"]["locale"], &phone["content"]["heading"], &phone["content"]["body"]),
        (&json!("en"), &json!("Help us"), &json!([]))
    );
    assert_eq!((&phone["content"]["cta"], phone.get("values")), (&json!("Give {gift}"), None));
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_is_not_shown_in_any_language_if_a_value_of_its_copy_is_missing() {
    let app = start().await;
    for reader in [json!({"locale": "de"}), json!({"country": "UK"}), json!({"device": "mobile"})] {
        assert_eq!(ask(&app, reader, json!({})).await["appeal"], "plain");
    }
    publish(&app, COPY.split("[[appeals]]\nid = \"plain\"").next().unwrap());
    assert_eq!(ask(&app, json!({}), json!({})).await["reason"], "missing_value");
    let without_history = ask(&app, json!({"country": "IE"}), Value::Null).await;
    assert_eq!(
        without_history["reason"], "missing_value",
        "without a history, the number of articles must be unknown"
    );
    app.finish().await;
}

#[tokio::test]
async fn plural_forms_are_sent_unchanged_together_with_all_values_that_they_use() {
    let app = TestApp::start().await;
    let forms = "{article_count, plural, one {# article in {country}} other {# articles in {country}}}";
    publish(&app, &COPY.replace("You have read {article_count} articles", forms));
    let history = json!({"articles": [{"week": "2026-11-23", "count": 1}]});
    let verdict = ask(&app, json!({"country": "IE"}), history.clone()).await;
    assert_eq!(verdict["content"]["heading"], forms);
    assert_eq!(verdict["values"], json!({"article_count": 1, "country": "IE", "weekday": "tuesday"}));
    publish(
        &app,
        &COPY
            .replace("I read it in {country}.", "Well.")
            .replace("You have read {article_count} articles", forms),
    );
    assert_eq!(ask(&app, json!({}), history).await["appeal"], "plain");
    app.finish().await;
}

#[tokio::test]
async fn feature_flags_have_the_same_copy_and_values() {
    let app = start().await;
    let context = json!({"site": "journal", "history": {}, "reader": {"country": "AT", "locale": "de"}});
    let answer = app.post("/ofrep/v1/evaluate/flags/appeal", &json!({"context": context})).await;
    let mut verdict = app.post("/v1/banner", &context).await.json;
    verdict["attribution"] = answer.json["value"]["attribution"].clone();
    assert_eq!(answer.json["value"], verdict);
    assert_eq!(verdict["values"]["date"], "2026-11-24");
    app.finish().await;
}

#[tokio::test]
async fn invalid_copy_is_rejected_and_the_response_names_the_field() {
    let app = TestApp::start_without_appeals().await;
    let scopes = [keepopen::keys::Scope::AppealsWrite];
    let key = keepopen::actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap();
    let cases: [(Value, &str, &str); 12] = [
        (json!({"heading": "{nme}"}), "variants[0].copy.heading", "{nme} is not a placeholder"),
        (json!({"heading": "{gift}"}), "variants[0].copy.heading", "on the button"),
        (
            json!({"heading": "H", "body": ["a", {"quote": "{days_left}"}]}),
            "variants[0].copy.body[1].quote",
            "schedule.ends_at",
        ),
        (
            json!({"heading": "H", "body": [{"image": "http://x.example/a.png", "alt": ""}]}),
            "variants[0].copy.body[0]",
            "https://",
        ),
        (
            json!({"heading": "{article_count, plural, one {# article}}"}),
            "variants[0].copy.heading",
            "at character 1: the form \"other\" is missing.",
        ),
        (
            json!({"heading": "H", "body": ["H", {"list": ["é {article_count, plural, one {#} other {#}"]}]}),
            "variants[0].copy.body[1].list[0]",
            "at character 3: the plural that begins here is not closed.",
        ),
        (
            json!({"heading": "H", "cta": "{country, plural, other {#}}"}),
            "variants[0].copy.cta",
            "{country} is not a number",
        ),
        (
            json!({"heading": "H", "thanks": {"heading": "{article_count, plural, two {#} other {#}}"}}),
            "variants[0].copy.thanks.heading",
            "the language \"en\" has no plural form \"two\"",
        ),
        (json!({"heading": "H", "locale": "en_IE"}), "variants[0].copy.locale", "language tag"),
        (
            json!({"heading": "H", "translations": {"!": {"heading": "H"}}}),
            "variants[0].copy.translations.!",
            "language tag",
        ),
        (
            json!({"heading": "H", "translations": {"de": {"headding": "H"}}}),
            "variants[0].copy.translations.de.headding",
            "Did you mean \"heading\"?",
        ),
        (
            json!({"heading": "H", "locale": "de"}),
            "variants[0].copy.translations.en",
            "\"journal\" is in \"en\"",
        ),
    ];
    for (copy, field, sentence) in cases {
        let body = json!({
            "sites": ["journal"], "kind": "ask", "surface": ["banner"], "variants": [{"id": "a", "copy": copy}],
        });
        let request = app.client.request(Method::PUT, format!("{}/v1/appeals/spring", app.url));
        let answer = app.send(request.bearer_auth(&key.secret).json(&body)).await;
        assert_eq!(answer.code(), "appeal_invalid", "{copy}");
        assert_eq!(answer.json["problems"][0]["field"], field);
        let message = answer.json["problems"][0]["sentence"].as_str().unwrap();
        assert!(message.contains(sentence), "{message}");
        assert_eq!(answer.json["problems"].as_array().unwrap().len(), 1, "{answer:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_without_copy_in_a_sites_language_does_not_affect_other_appeals() {
    let app = start().await;
    publish(
        &app,
        &COPY
            .replace(
                "id = \"plain\"\nsites = [\"journal\"]",
                "id = \"plain\"\nsites = [\"journal\", \"gazette\"]",
            )
            .replace("locale = \"en\"", "locale = \"fr\""),
    );
    let problems = &app.app.snapshot.load().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        (problems[0].appeal.as_str(), problems[0].field.as_str()),
        ("count", "variants[0].copy.translations.en")
    );
    assert_eq!(ask(&app, json!({"country": "IE"}), json!({})).await["content"]["heading"], "Help");
    app.finish().await;
}
