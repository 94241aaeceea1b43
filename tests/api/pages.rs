//! What the HTML pages of the management port have in common.

use keepopen::keys::Scope;
use keepopen::{actions, management};
use reqwest::{Client, Response};

use crate::helpers::TestApp;

/// Requests the page `/books` of the management port.
async fn request_ledger_page(app: &TestApp) -> Response {
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    Client::new().get(format!("http://{}/books", running.address)).send().await.unwrap()
}

/// Returns the page's text. Panics unless its policy allows only its own style sheet.
async fn check_page(page: Response) -> String {
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
async fn a_page_has_an_inline_style_sheet_and_no_scripts() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    let page = request_ledger_page(&app).await;
    assert_eq!(page.status(), 200);
    assert!(check_page(page).await.contains("<h1>Stripe and our ledger</h1>"));
    app.finish().await;
}

#[tokio::test]
async fn an_error_on_a_page_is_shown_as_an_html_page() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    app.app.store.run_sql("ALTER TABLE comparison_lists RENAME TO away").await.unwrap();
    let page = request_ledger_page(&app).await;
    assert_eq!(page.status(), 500);
    let text = check_page(page).await;
    assert!(text.contains("<code>internal</code>"), "{text}");
    app.app.store.run_sql("ALTER TABLE away RENAME TO comparison_lists").await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn unreadable_alarms_are_an_error_on_the_page_and_in_the_api() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &[Scope::MoneyRead]).await.unwrap();
    for alarms in ["no json", r#"["no object"]"#, r#"{"alarm":"no_list"}"#] {
        let sql = format!("UPDATE contributions SET alarms = '{alarms}'");
        app.app.store.run_sql(&sql).await.unwrap();
        let page = request_ledger_page(&app).await;
        assert_eq!(page.status(), 500, "{alarms}");
        assert!(check_page(page).await.contains("<code>internal</code>"), "{alarms}");
        let compared = app.get("/v1/reconciliation", Some(&key.secret)).await;
        assert_eq!((compared.status.as_u16(), compared.code()), (500, "internal"), "{alarms}");
    }
    // This alarm has an id, but lacks the other required fields.
    let odd = r#"UPDATE contributions SET alarms = '[{"id":"alm_0123456789abcdefghjkmnpqrs","alarm":"unheard_of"}]'"#;
    app.app.store.run_sql(odd).await.unwrap();
    let listed = app.get("/v1/alarms", Some(&key.secret)).await;
    assert_eq!((listed.status.as_u16(), listed.code()), (500, "internal"));
    app.app.store.run_sql("UPDATE contributions SET alarms = '[]'").await.unwrap();
    app.finish().await;
}
