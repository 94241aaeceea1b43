//! Tests, over HTTP, which dismissals and views in a reader's history keep an appeal from being shown. The last test
//! checks that invalid appeals are refused.

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::TestApp;

/// Starts a server with this appeals file, and with `more` settings at the end of the settings file.
async fn start_with_appeals(appeals: &str, more: &str) -> TestApp {
    TestApp::start_changed(more, |settings| {
        std::fs::write(settings.appeals.file.as_ref().unwrap(), appeals).unwrap();
    })
    .await
}

/// Returns a banner appeal with `more` fields.
fn appeal(id: &str, kind: &str, more: &str) -> String {
    format!(
        "[[appeals]]\nid = \"{id}\"\nsites = [\"journal\"]\nkind = \"{kind}\"\nsurface = [\"banner\"]\nlive = \"live\"\n{more}\n\
         [[appeals.variants]]\nid = \"a\"\ncopy = {{ heading = \"Help\" }}\n\
         [[appeals.variants]]\nid = \"b\"\ncopy = {{ heading = \"Help us\" }}\n"
    )
}

/// Returns the id of the appeal that a reader with this history sees, or the reason why no appeal is shown.
async fn shown_appeal(app: &TestApp, history: Value) -> String {
    let verdict = app.post("/v1/banner", &json!({"site": "journal", "history": history})).await.json;
    verdict["appeal"].as_str().unwrap_or_else(|| verdict["reason"].as_str().unwrap()).to_owned()
}

/// Returns the history of a reader who asked never to see this appeal again.
fn permanent_dismissal(appeal: &str) -> Value {
    json!({"dismissals": [{"appeal": appeal, "kind": "never", "at": "2026-11-20T00:00:00Z"}]})
}

/// Returns the history of a reader who saw this appeal once.
fn view(appeal: &str, at: &str) -> Value {
    json!({"views": [{"appeal": appeal, "variant": "a", "at": at}]})
}

#[tokio::test]
async fn a_permanent_dismissal_covers_the_appeal_its_campaign_or_its_kind_as_configured() {
    for (never_covers, shown) in [("appeal", "second"), ("campaign", "third"), ("kind", "dismissed")] {
        let first = format!(
            "priority = 30\ncampaign = \"letters\"\ndismissal = {{ never_covers = \"{never_covers}\" }}"
        );
        let appeals = [
            appeal("first", "ask", &first),
            appeal("second", "ask", "priority = 20\ncampaign = \"letters\""),
            appeal("third", "ask", "priority = 10"),
        ];
        let app = start_with_appeals(&appeals.concat(), "").await;
        assert_eq!(shown_appeal(&app, json!({})).await, "first");
        assert_eq!(shown_appeal(&app, permanent_dismissal("first")).await, shown, "{never_covers}");
        app.finish().await;
    }
}

#[tokio::test]
async fn views_of_thank_you_appeals_do_not_count_against_the_sites_cap() {
    let cap = "[sites.journal.rules.frequency]\nmax_views = 1\nwindow_days = 30\n";
    let thanks = appeal("thanks", "thank", "");
    let app = start_with_appeals(
        &(appeal("help", "ask", "") + &appeal("other", "ask", "priority = -1") + &thanks),
        cap,
    )
    .await;
    for at in ["2026-11-20T08:00:00Z", "2026-11-24T08:00:00Z"] {
        assert_eq!(shown_appeal(&app, view("other", at)).await, "frequency_cap", "{at}");
        assert_eq!(shown_appeal(&app, view("thanks", at)).await, "help", "{at}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_view_with_a_date_in_the_future_does_not_count_until_that_date() {
    let app = start_with_appeals(&appeal("help", "ask", ""), "").await;
    assert_eq!(shown_appeal(&app, view("help", "2026-11-24T08:00:00Z")).await, "frequency_cap");
    for at in ["2026-11-24T10:00:00Z", "2026-11-25T09:00:00Z", "2036-11-24T09:00:00Z"] {
        assert_eq!(shown_appeal(&app, view("help", at)).await, "help", "{at}");
    }
    app.app.clock.advance(3_600_000);
    assert_eq!(shown_appeal(&app, view("help", "2026-11-24T10:00:00Z")).await, "frequency_cap");
    app.finish().await;
}

#[tokio::test]
async fn readers_of_a_renamed_appeal_keep_their_variants_views_and_dismissals() {
    let share = "share_percent = 40\nformer_ids = []";
    let app = start_with_appeals(&appeal("summer", "ask", share), "").await;
    let verdicts = async || {
        let mut seen = Vec::new();
        for bucket in 0..60 {
            // The bucket is the reader's number. It decides the variant, and whether a share includes the reader.
            let reader = json!({"bucket": bucket * 16_661});
            let question = json!({"site": "journal", "reader": reader, "history": {}});
            let verdict = app.post("/v1/banner", &question).await.json;
            seen.push((verdict["show"].clone(), verdict["variant"].clone()));
        }
        seen
    };
    let before = verdicts().await;
    let renamed = appeal("autumn", "ask", &share.replace("[]", "[\"summer\"]"));
    std::fs::write(app.folder().join("appeals.toml"), renamed).unwrap();
    actions::publish_appeals(&app.app).unwrap();
    assert_eq!(verdicts().await, before);
    let for_all_readers = appeal("autumn", "ask", "former_ids = [\"summer\"]");
    std::fs::write(app.folder().join("appeals.toml"), for_all_readers).unwrap();
    actions::publish_appeals(&app.app).unwrap();
    assert_eq!(shown_appeal(&app, json!({})).await, "autumn");
    assert_eq!(shown_appeal(&app, permanent_dismissal("summer")).await, "dismissed");
    assert_eq!(shown_appeal(&app, view("summer", "2026-11-24T08:00:00Z")).await, "frequency_cap");
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_with_an_empty_heading_or_a_list_as_its_frequency_is_refused() {
    let app = TestApp::start_without_appeals().await;
    let scopes = [Scope::AppealsWrite];
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap().secret;
    let put = async |heading: &str, frequency: Value| {
        let body = json!({
            "sites": ["journal"], "kind": "ask", "surface": ["banner"], "frequency": frequency,
            "variants": [{"id": "a", "copy": {"heading": heading}}],
        });
        let request = app.client.request(Method::PUT, format!("{}/v1/appeals/summer", app.url));
        app.send(request.bearer_auth(&key).json(&body)).await
    };
    for (heading, frequency, field) in [
        ("", json!(null), "variants[0].copy.heading"),
        (" \n", json!(null), "variants[0].copy.heading"),
        ("Help", json!([3, 7]), "frequency"),
    ] {
        let answer = put(heading, frequency).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "appeal_invalid"), "{answer:?}");
        let problem = &answer.json["problems"][0];
        let message =
            format!("{}: {}", problem["field"].as_str().unwrap(), problem["sentence"].as_str().unwrap());
        assert!(message.contains(field), "{answer:?}");
    }
    assert_eq!(put("Help", json!({"max_views": 3, "window_days": 7})).await.status, 201);
    app.finish().await;
}
