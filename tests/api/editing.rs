//! Edits of appeals over HTTP with preconditions such as `If-Match`. A request that sets switches changes only those
//! that it names.

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::helpers::{Answer, TestApp};

/// A client with an editor's API key.
struct ApiClient<'a> {
    app: &'a TestApp,
    key: String,
}

impl<'a> ApiClient<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let scopes = [Scope::AppealsWrite];
        let key = actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap();
        Self { app, key: key.secret }
    }

    async fn call(&self, method: Method, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.app.client.request(method, format!("{}/v1{path}", self.app.url));
        let request = request.bearer_auth(&self.key).json(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.app.send(request).await
    }

    async fn put(&self, heading: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(Method::PUT, "/appeals/summer", &appeal(heading), headers).await
    }

    async fn publish(&self, body: Value, headers: &[(&str, &str)]) -> Answer {
        self.call(Method::POST, "/appeals/summer/publish", &body, headers).await
    }
}

fn appeal(heading: &str) -> Value {
    json!({
        "sites": ["journal"], "kind": "ask", "surface": ["banner"],
        "variants": [{"id": "a", "copy": {"heading": heading, "cta": "Give"}}],
    })
}

/// Returns the heading that a reader sees, or `nothing` if no appeal is shown.
async fn heading(app: &TestApp) -> String {
    app.banner(None).await["content"]["heading"].as_str().unwrap_or("nothing").to_owned()
}

/// Returns the status and the code of a problem response.
fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.code())
}

#[tokio::test]
async fn saving_an_appeal_respects_the_preconditions_of_rfc_9110() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app).await;
    // The appeal does not exist yet, so If-Match fails and If-None-Match succeeds.
    for tag in ["*", "\"0\"", "\"1\""] {
        assert_eq!(
            status_and_code(&client.put("First", &[("if-match", tag)]).await),
            (412, "version_conflict"),
            "{tag}"
        );
    }
    assert_eq!(client.put("First", &[("if-none-match", "*")]).await.status, 201);
    // The appeal exists now.
    assert_eq!(
        status_and_code(&client.put("Other", &[("if-none-match", "*")]).await),
        (412, "version_conflict")
    );
    assert_eq!(
        status_and_code(&client.put("Other", &[("if-none-match", "\"1\"")]).await),
        (412, "version_conflict")
    );
    assert_eq!(
        status_and_code(&client.put("Other", &[("if-match", "W/\"1\"")]).await),
        (412, "version_conflict")
    );
    assert_eq!(
        client.put("Second", &[("if-match", "\"7\", \"1\"")]).await.status,
        200,
        "a list of tags that contains the current version must be accepted"
    );
    assert_eq!(client.put("Third", &[("if-match", "*")]).await.json["version"], 3);
    assert_eq!(
        client.put("Third", &[]).await.json["version"],
        3,
        "saving the same appeal again must not create a version"
    );
    let unconditional = client.put("Fourth", &[]).await;
    assert_eq!((unconditional.status.as_u16(), &unconditional.json["version"]), (200, &json!(4)));
    assert_eq!(unconditional.headers["etag"], "\"4\"");
    for (name, value) in [("if-match", "soon"), ("if-match", "1"), ("if-none-match", "\"")] {
        assert_eq!(
            status_and_code(&client.put("Fifth", &[(name, value)]).await),
            (400, "invalid_request"),
            "{value}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn publishing_with_an_outdated_etag_is_refused() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app).await;
    client.put("First", &[]).await;
    client.put("Unfinished", &[]).await;
    let outdated = [("if-match", "\"1\"")];
    assert_eq!(status_and_code(&client.publish(json!({}), &outdated).await), (412, "version_conflict"));
    assert_eq!(
        status_and_code(&client.publish(json!({"version": 1}), &outdated).await),
        (412, "version_conflict")
    );
    assert_eq!(heading(&app).await, "nothing");
    assert_eq!(client.publish(json!({"version": 1}), &[("if-match", "\"2\"")]).await.status, 200);
    assert_eq!(heading(&app).await, "First");
    for verb in ["pause", "end"] {
        let path = format!("/appeals/summer/{verb}");
        assert_eq!(client.call(Method::POST, &path, &json!({}), &outdated).await.code(), "version_conflict");
        assert_eq!(client.call(Method::POST, &path, &json!({}), &[("if-match", "\"2\"")]).await.status, 200);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_switch_of_one_surface_does_not_change_the_others() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app).await;
    let set_switches = async |body: Value| {
        let answer = client.call(Method::PUT, "/sites/journal/switches", &body, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json["all"].clone(), answer.json["surfaces"].clone())
    };
    let surfaces = |inline: &str| json!({"banner": "on", "inline": inline, "wall": "on"});
    assert_eq!(set_switches(json!({"all": "off"})).await, (json!("off"), surfaces("on")));
    assert_eq!(set_switches(json!({"surfaces": {"inline": "off"}})).await, (json!("off"), surfaces("off")));
    assert_eq!(set_switches(json!({})).await, (json!("off"), surfaces("off")));
    assert_eq!(
        set_switches(json!({"all": null, "surfaces": {"inline": "on"}})).await,
        (json!("off"), surfaces("on"))
    );
    assert_eq!(set_switches(json!({"all": "on"})).await, (json!("on"), surfaces("on")));
    for wrong in
        [json!({"surfaces": [null, null]}), json!({"surfaces": {"poster": "off"}}), json!({"surfaces": 1})]
    {
        let answer = client.call(Method::PUT, "/sites/journal/switches", &wrong, &[]).await;
        assert_eq!(status_and_code(&answer), (400, "invalid_request"), "{wrong}");
    }
    app.finish().await;
}

/// Applies a file of appeals, as the command line does.
async fn apply(app: &TestApp, appeals: Vec<Map<String, Value>>) -> Result<(), actions::EditError> {
    actions::apply_appeals(&app.app.as_operator(), appeals).await?;
    actions::sync_appeals(&app.app).await.unwrap();
    Ok(())
}

#[tokio::test]
async fn applying_a_file_with_live_version_leaves_that_version_live_and_publishes_no_draft() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app).await;
    client.put("First", &[]).await;
    client.put("Second", &[]).await;
    client.publish(json!({"version": 1}), &[]).await;
    let Value::Object(mut file) = appeal("Second") else { unreachable!("an appeal must be an object") };
    file.insert("id".to_owned(), json!("summer"));
    file.insert("live".to_owned(), json!("live"));
    file.insert("live_version".to_owned(), json!(1));
    for _ in 0..2 {
        apply(&app, vec![file.clone()]).await.unwrap();
        assert_eq!(heading(&app).await, "First");
    }
    let stored = client.call(Method::GET, "/appeals/summer", &json!({}), &[]).await;
    assert_eq!((&stored.json["version"], &stored.json["published_version"]), (&json!(2), &json!(1)));
    for wrong in [json!(7), json!("1"), json!(1.5)] {
        file["live_version"] = wrong;
        let Err(actions::EditError::Invalid(problems)) = apply(&app, vec![file.clone()]).await else {
            panic!("an invalid live_version must be refused")
        };
        assert_eq!(problems[0].field, "live_version");
    }
    file.remove("live_version");
    apply(&app, vec![file]).await.unwrap();
    assert_eq!(heading(&app).await, "Second", "without live_version, the file's text must be published");
    app.finish().await;
}

/// Returns an appeal that had these ids before.
fn renamed(former_ids: &[&str]) -> Value {
    let mut appeal = appeal("Help");
    appeal["former_ids"] = json!(former_ids);
    appeal
}

#[tokio::test]
async fn an_appeal_is_not_published_while_an_appeal_with_its_former_id_is_shown() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app).await;
    let put = async |id: &str, body: &Value| {
        let answer = client.call(Method::PUT, &format!("/appeals/{id}"), body, &[]).await;
        assert!(answer.status.is_success(), "{answer:?}");
    };
    let post =
        async |path: &str| client.call(Method::POST, &format!("/appeals/{path}"), &json!({}), &[]).await;
    put("summer", &renamed(&[])).await;
    put("autumn", &renamed(&["summer"])).await;
    assert_eq!(post("summer/publish").await.status, 200);
    let answer = post("autumn/publish").await;
    assert_eq!(status_and_code(&answer), (422, "appeal_invalid"));
    let sentence = "the appeal \"summer\" can still show: end that appeal, or remove this former id.";
    let problem = json!([{"appeal": "autumn", "field": "former_ids[0]", "sentence": sentence}]);
    assert_eq!(answer.json["problems"], problem);
    // Nothing was published, and `summer` is still shown.
    let listed =
        app.send(app.client.get(format!("{}/v1/appeals/autumn", app.url)).bearer_auth(&client.key)).await;
    assert_eq!((&listed.json["phase"], heading(&app).await.as_str()), (&json!("draft"), "Help"));
    // After `summer` has ended, `autumn` can be published. Then `summer` can't be published again.
    assert_eq!(post("summer/end").await.status, 200);
    assert_eq!(post("autumn/publish").await.status, 200);
    assert_eq!(post("summer/publish").await.json["problems"], problem);
    // A paused successor is not shown, so `summer` can be published.
    assert_eq!(post("autumn/pause").await.status, 200);
    assert_eq!(post("summer/publish").await.status, 200);
    // Two appeals on the same site can't have the same former id.
    assert_eq!(post("summer/end").await.status, 200);
    assert_eq!(post("autumn/publish").await.status, 200);
    put("winter", &renamed(&["summer"])).await;
    let answer = post("winter/publish").await;
    assert!(answer.json["problems"].to_string().contains("also had this id"), "{answer:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_file_that_conflicts_with_a_live_appeal_is_not_applied() {
    let app = TestApp::start_without_appeals().await;
    let fields = |id: &str, live: &str, former_ids: &[&str]| {
        let mut fields = renamed(former_ids);
        (fields["id"], fields["live"]) = (id.into(), live.into());
        fields.as_object().unwrap().clone()
    };
    apply(&app, vec![fields("summer", "live", &[])]).await.unwrap();
    let successor = fields("autumn", "live", &["summer"]);
    let error = apply(&app, vec![successor.clone()]).await.unwrap_err();
    let actions::EditError::Invalid(problems) = error else { panic!("{error}") };
    assert_eq!((problems[0].appeal.as_str(), problems[0].field.as_str()), ("autumn", "former_ids[0]"));
    assert_eq!(
        app.app.store.published_appeals().await.unwrap().len(),
        1,
        "no part of a rejected file must be stored"
    );
    // One file can end an appeal and publish its successor.
    apply(&app, vec![successor, fields("summer", "ended", &[])]).await.unwrap();
    assert_eq!(app.app.store.published_appeals().await.unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn appeals_on_different_sites_can_have_the_same_former_id_and_dismissals_count_only_on_their_site() {
    let app = TestApp::start_without_appeals().await;
    let fields = |id: &str, site: &str, live: &str, former_ids: &[&str]| {
        let mut fields = renamed(former_ids);
        (fields["id"], fields["live"], fields["sites"]) = (id.into(), live.into(), json!([site]));
        fields.as_object().unwrap().clone()
    };
    let one = fields("autumn", "journal", "live", &["summer"]);
    let other = fields("winter", "gazette", "live", &["summer"]);
    apply(&app, vec![one, other]).await.unwrap();
    // Returns the appeal that a reader sees after dismissing the appeal `dismissed`, or the reason why none is shown.
    let shown_appeal = async |site: &str, dismissed: &str| {
        let dismissals = json!([{"appeal": dismissed, "kind": "never", "at": "2026-11-20T00:00:00Z"}]);
        let question = json!({"site": site, "history": {"dismissals": dismissals}});
        let answer = app.post("/v1/banner", &question).await.json;
        answer["appeal"].as_str().unwrap_or_else(|| answer["reason"].as_str().unwrap()).to_owned()
    };
    for (site, own_appeal, other_appeal) in [("journal", "autumn", "winter"), ("gazette", "winter", "autumn")]
    {
        assert_eq!(shown_appeal(site, "summer").await, "dismissed", "{site}");
        assert_eq!(
            shown_appeal(site, other_appeal).await,
            own_appeal,
            "a dismissal of the other site's appeal must have no effect"
        );
    }
    // After `winter` has ended, a new appeal on its site can have the id `summer` itself.
    apply(&app, vec![fields("winter", "gazette", "ended", &["summer"])]).await.unwrap();
    apply(&app, vec![fields("summer", "gazette", "live", &[])]).await.unwrap();
    assert_eq!(
        (shown_appeal("gazette", "nothing").await.as_str(), shown_appeal("journal", "summer").await.as_str()),
        ("summer", "dismissed")
    );
    app.finish().await;
}
