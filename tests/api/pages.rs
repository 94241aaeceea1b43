//! Pages for people: what they have in common.

use keepopen::keys::Scope;
use keepopen::{actions, management};
use reqwest::{Client, Response};

use crate::helpers::TestApp;

/// The page `/ledger` of the management port.
async fn ledger(app: &TestApp) -> Response {
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    Client::new().get(format!("http://{}/books", running.address)).send().await.unwrap()
}

/// The page's text, whose style sheet is all that its policy allows.
async fn checked(page: Response) -> String {
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0;
    let text = page.text().await.unwrap();
    assert!(text.contains(&format!("<style nonce=\"{nonce}\">")), "{policy} {text}");
    assert!(!text.contains("<script") && !text.contains("style="), "{text}");
    text
}

#[tokio::test]
async fn a_page_carries_its_own_style_sheet_and_nothing_else_runs_in_it() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    let page = ledger(&app).await;
    assert_eq!(page.status(), 200);
    assert!(checked(page).await.contains("<h1>Stripe and our ledger</h1>"));
    app.finish().await;
}

#[tokio::test]
async fn a_page_that_can_not_be_shown_says_so_as_a_page() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    app.app.store.run_sql("ALTER TABLE comparison_lists RENAME TO away").await.unwrap();
    let page = ledger(&app).await;
    assert_eq!(page.status(), 500);
    let text = checked(page).await;
    assert!(text.contains("<code>internal</code>"), "{text}");
    app.app.store.run_sql("ALTER TABLE away RENAME TO comparison_lists").await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn alarms_that_can_not_be_read_are_an_error_wherever_they_are_shown() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    app.gives(1000, "once").await;
    app.stripe_says_everything().await;
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &[Scope::MoneyRead]).await.unwrap();
    for alarms in ["no json", r#"["no object"]"#, r#"{"alarm":"no_list"}"#] {
        let sql = format!("UPDATE contributions SET alarms = '{alarms}'");
        app.app.store.run_sql(&sql).await.unwrap();
        let page = ledger(&app).await;
        assert_eq!(page.status(), 500, "{alarms}");
        assert!(checked(page).await.contains("<code>internal</code>"), "{alarms}");
        let compared = app.get("/v1/reconciliation", Some(&key.secret)).await;
        assert_eq!((compared.status.as_u16(), compared.code()), (500, "internal"), "{alarms}");
    }
    // With an id, but without an alarm's required fields.
    let odd = r#"UPDATE contributions SET alarms = '[{"id":"alm_0123456789abcdefghjkmnpqrs","alarm":"unheard_of"}]'"#;
    app.app.store.run_sql(odd).await.unwrap();
    let listed = app.get("/v1/alarms", Some(&key.secret)).await;
    assert_eq!((listed.status.as_u16(), listed.code()), (500, "internal"));
    app.app.store.run_sql("UPDATE contributions SET alarms = '[]'").await.unwrap();
    app.finish().await;
}
