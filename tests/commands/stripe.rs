//! `keepopen stripe` creates the connection to Stripe, rolls its secret, shows its state and checks it.

use std::time::Duration;

use keepopen::clock::Clock;
use keepopen::stripe::{API_VERSION, EVENTS, PERMISSIONS};
use keepopen_practice::PracticeStripe;
use keepopen_testkit::{STRIPE_KEY, practice_stripe_with};
use serde_json::{Value, json};

use super::{JOURNAL, Sandbox, contains};

/// A practice Stripe that delivers events to its endpoints, and retries until they are accepted.
async fn start_practice_stripe() -> PracticeStripe {
    let now = || Clock::System.now_ms() / 1000;
    practice_stripe_with(now, |it| it.retry_after = vec![Duration::from_millis(100); 600]).await
}

fn sandbox_with_stripe(stripe: &PracticeStripe) -> Sandbox {
    let settings = format!(
        "[server]\nbind = \"127.0.0.1:0\"\npublic_url = \"https://give.example.org/\"\n[management]\nbind = \"127.0.0.1:0\"\n\
         [stripe]\nsecret_key = \"{STRIPE_KEY}\"\napi_url = \"{}\"\n{JOURNAL}",
        stripe.url()
    );
    Sandbox::with_settings(&settings).with_database()
}

fn id(endpoint: &Value) -> &str {
    endpoint["id"].as_str().unwrap()
}

/// Causes an event at Stripe that is delivered to our endpoint.
async fn cause_an_event(stripe: &PracticeStripe) {
    let form = [
        ("mode", "payment"),
        ("success_url", "https://journal.example.org/"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "1000"),
        ("line_items[0][price_data][product_data][name]", "A contribution"),
    ];
    let url = format!("{}/v1/checkout/sessions", stripe.url());
    let response = reqwest::Client::new().post(url).bearer_auth(STRIPE_KEY).form(&form).send().await.unwrap();
    let session: Value = response.json().await.unwrap();
    stripe.expire(session["id"].as_str().unwrap_or_else(|| panic!("{session}"))).unwrap();
    stripe.wait_for_deliveries().await;
}

#[tokio::test]
async fn an_endpoint_is_created_once_with_exactly_the_required_events() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    let output = sandbox.run_ok(&["stripe", "connect"]);
    let endpoints = stripe.endpoints();
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0]["url"], "https://give.example.org/webhooks/stripe");
    assert_eq!(endpoints[0]["api_version"], API_VERSION);
    assert_eq!(endpoints[0]["enabled_events"], json!(EVENTS));
    assert!(output.contains(&format!("{}: created", id(&endpoints[0]))), "{output}");
    for permission in ["Checkout Sessions", "Webhook Endpoints", "PaymentIntents"] {
        assert!(output.contains(permission), "{output}");
    }
    let again = sandbox.run_ok(&["stripe", "connect"]);
    assert!(again.contains("already correct"), "{again}");
    assert_eq!(stripe.endpoints(), endpoints);
    assert!(
        !output.contains("whsec_") && !contains(&sandbox.all_bytes(), "whsec_"),
        "the endpoint's secret must not be printed, or stored unencrypted"
    );
}

#[tokio::test]
async fn changes_in_the_dashboard_are_corrected() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["stripe", "connect"]);
    let endpoint = stripe.endpoints().remove(0);
    let changed = json!({"enabled_events": [EVENTS[1], "person.created"], "status": "disabled"});
    stripe.change_endpoint(id(&endpoint), &changed).unwrap();
    let output = sandbox.run_ok(&["stripe", "connect"]);
    for words in ["corrected", "it was disabled", EVENTS[0], "unneeded events: person.created"] {
        assert!(output.contains(words), "the output must contain {words:?}: {output}");
    }
    assert_eq!(stripe.endpoints(), [endpoint]);
}

#[tokio::test]
async fn an_endpoint_that_we_did_not_create_is_not_changed() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["stripe", "connect"]);
    let endpoint = stripe.endpoints().remove(0);
    stripe.change_endpoint(id(&endpoint), &json!({"metadata": {}, "enabled_events": ["*"]})).unwrap();
    let foreign = stripe.endpoints().remove(0);
    // This data folder does not contain the endpoint's secret, and nothing marks the endpoint as ours.
    let output = sandbox_with_stripe(&stripe).run_ok(&["stripe", "connect"]);
    assert!(
        output
            .contains(&format!("{}: delivers to the same URL. It was not created by keepopen", id(&foreign))),
        "{output}"
    );
    assert_eq!((stripe.endpoints().len(), &stripe.endpoints()[0]), (2, &foreign));
}

#[cfg(unix)]
#[tokio::test]
async fn the_old_endpoint_is_disabled_only_after_the_new_one_delivered_to_the_running_service() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    let mut service = sandbox.start(&["serve"]);
    let logs = service.logs_until("keepopen is serving requests");
    assert!(logs.contains("no webhook secret is configured"), "{logs}");
    let line = logs.lines().find(|line| line.contains("keepopen is serving requests")).unwrap();
    let port: String =
        line.split("127.0.0.1:").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    let url = format!("http://127.0.0.1:{port}/webhooks/stripe");

    sandbox.run_ok(&["stripe", "connect", "--url", &url]);
    cause_an_event(&stripe).await;
    let first = stripe.endpoints().remove(0);
    assert_eq!(id(&first), stripe.deliveries().last().unwrap().endpoint.as_deref().unwrap());
    assert!(stripe.deliveries().last().unwrap().is_accepted());

    let output = sandbox.run_ok(&["stripe", "roll-secret"]);
    assert!(output.contains(&format!("{}: an older endpoint", id(&first))), "{output}");
    let second = stripe.endpoints().remove(1);
    assert_eq!((&second["url"], second["status"].as_str()), (&json!(url), Some("enabled")));
    let sentence = sandbox.run_err(&["stripe", "roll-secret", "--finish"]);
    assert!(sentence.contains("has not delivered anything yet"), "{sentence}");
    let sentence = sandbox.run_err(&["stripe", "roll-secret"]);
    assert!(sentence.contains("--finish"), "{sentence}");

    let before = stripe.deliveries().len();
    cause_an_event(&stripe).await;
    let has_accepted_delivery = |endpoint: &Value| {
        let later = stripe.deliveries().split_off(before);
        later.iter().any(|it| it.is_accepted() && it.endpoint.as_deref() == Some(id(endpoint)))
    };
    assert!(
        has_accepted_delivery(&first) && has_accepted_delivery(&second),
        "both endpoints must deliver until --finish"
    );
    assert_eq!(service.stop(), Some(0));
    let output = sandbox.run_ok(&["stripe", "roll-secret", "--finish"]);
    assert_eq!(output, format!("{}: disabled; its secret was deleted.\n", id(&first)));
    let status = |index: usize| stripe.endpoints()[index]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("disabled"), json!("enabled")));
    assert_eq!(
        sandbox.run_ok(&["stripe", "connect", "--finish"]),
        "There was no older endpoint to disable.\n"
    );
    let output = sandbox.run_ok(&["stripe", "status"]);
    assert!(output.contains("Nothing is wrong.") && output.contains(id(&second)), "{output}");
}

#[tokio::test]
async fn another_api_version_gets_a_new_endpoint_in_addition_to_the_old_one() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["stripe", "connect"]);
    let old = stripe.endpoints().remove(0);
    stripe.change_endpoint(id(&old), &json!({"api_version": "2024-06-20"})).unwrap();
    let status = sandbox.run(&["stripe", "status"]);
    assert_eq!(status.status, Some(1), "{status:?}");
    assert!(status.out.contains("version: 2024-06-20"), "{status:?}");
    let sentence = sandbox.run_err(&["stripe", "connect", "--finish"]);
    assert!(sentence.contains("run `keepopen stripe connect` first"), "{sentence}");
    let output = sandbox.run_ok(&["stripe", "connect"]);
    assert!(output.contains("2024-06-20, which still delivers"), "{output}");
    assert_eq!(stripe.endpoints().len(), 2);
    sandbox.run_ok(&["stripe", "connect", "--finish", "--force"]);
    let states: Vec<_> = stripe.endpoints().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(states, ["disabled", "enabled"]);
}

#[tokio::test]
async fn the_status_reports_what_is_wrong_and_exits_with_1() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    let output = sandbox.run(&["stripe", "status"]);
    assert_eq!(output.status, Some(1), "{output:?}");
    assert!(output.out.contains("no endpoint of this account delivers to this service"), "{output:?}");
    sandbox.run_ok(&["stripe", "connect"]);
    let output = sandbox.run_ok(&["stripe", "status"]);
    for words in
        ["mode: test", "(enabled)", "missing events: none", "last delivery: none yet", "Nothing is wrong."]
    {
        assert!(output.contains(words), "the output must contain {words:?}: {output}");
    }
    let endpoint = stripe.endpoints().remove(0);
    for (change, words) in [
        (json!({"status": "disabled"}), "is disabled at Stripe"),
        (json!({"enabled_events": &EVENTS[1..]}), EVENTS[0]),
    ] {
        stripe.change_endpoint(id(&endpoint), &change).unwrap();
        let output = sandbox.run(&["stripe", "status"]);
        assert!(output.status == Some(1) && output.out.contains(words), "{output:?}");
    }
    stripe.break_api(Some(keepopen_practice::Trouble::Status(403)));
    let refused = sandbox.run(&["stripe", "status"]);
    assert!(
        refused.status == Some(1) && refused.out.contains("the permission Webhook Endpoints"),
        "{refused:?}"
    );
    let sentence = sandbox.run_err(&["stripe", "connect"]);
    assert!(sentence.contains("Webhook Endpoints: write"), "{sentence}");
}

#[tokio::test]
async fn the_checklist_marks_each_point_as_good_wrong_or_to_do() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    let points_marked = |mark: &str| -> Vec<String> {
        let output = sandbox.run(&["stripe", "checklist"]);
        assert_eq!(output.status, Some(1), "the checklist must fail in test mode: {output:?}");
        let marked = output.out.lines().filter_map(|line| line.strip_prefix(mark));
        marked.map(|line| line.trim_start().to_owned()).collect()
    };
    let has = |points: &[String], words: &str| points.iter().any(|point| point.contains(words));
    let wrong = points_marked("WRONG");
    for words in [
        "stripe.mode is \"test\"",
        "No endpoint in this mode",
        "not delivered any event",
        "No appeal is live",
    ] {
        assert!(has(&wrong, words), "the wrong points must contain {words:?}: {wrong:?}");
    }
    stripe.limit_account(true);
    assert!(has(&points_marked("WRONG"), "can't take payments yet"));
    stripe.limit_account(false);
    sandbox.run_ok(&["stripe", "connect"]);
    let good = points_marked("good");
    for words in [
        "can take payments",
        "receives payouts",
        "asks in EUR",
        "is enabled",
        "signing secret is in the database",
        "over https",
    ] {
        assert!(has(&good, words), "the good points must contain {words:?}: {good:?}");
    }
    let to_do = points_marked("to do");
    assert!(has(&to_do, "restricted key") && has(&to_do, "smallest amount"), "{to_do:?}");
    for (state, mark, words) in [
        ("live = \"live\"", "good", "At least one appeal is live"),
        ("live = \"paused\"", "WRONG", "No appeal is live"),
        ("live = \"live\"\nschedule.starts_at = \"2199-01-01\"", "to do", "scheduled to start later"),
        ("live = \"scheduled\"\nschedule.starts_at = \"2020-01-01\"", "good", "At least one appeal is live"),
    ] {
        let appeal = format!(
            "[[appeals]]\nid = \"summer\"\nsites = [\"journal\"]\nkind = \"ask\"\nsurface = [\"banner\"]\n{state}\n\
             [[appeals.variants]]\nid = \"a\"\ncopy = {{ heading = \"H\", body = [\"B\"], cta = \"C\", dismiss = \"D\" }}\n"
        );
        sandbox.write("appeals.toml", &appeal);
        sandbox.run_ok(&["appeals", "apply", "appeals.toml"]);
        let points = points_marked(mark);
        assert!(has(&points, words), "{state}: {points:?}");
    }
}

/// The first column of the manual's table that begins with this line.
fn first_cells(head: &str) -> Vec<&'static str> {
    let manual = include_str!("../../docs/stripe.md");
    let rows = manual.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    rows.map_while(|row| row.strip_prefix("| ")?.split(" | ").next()).collect()
}

#[test]
fn the_manual_lists_exactly_the_required_events_and_permissions() {
    let cells = first_cells("| event |").join(" ");
    let mut events: Vec<&str> = cells.split('`').skip(1).step_by(2).collect();
    events.sort_unstable();
    assert_eq!(events, EVENTS);
    let permissions: Vec<&str> = PERMISSIONS.iter().map(|it| it.name).collect();
    assert_eq!(first_cells("| permission |"), permissions);
}

#[tokio::test]
async fn an_address_that_stripe_can_not_deliver_to_is_refused() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    let sentence = sandbox.run_err(&["stripe", "connect", "--url", "ftp://give.example.org/"]);
    assert!(sentence.contains("--url https://"), "{sentence}");
    for arguments in [&["stripe", "connect"][..], &["stripe", "status"], &["stripe", "checklist"]] {
        let sentence = Sandbox::new().with_database().run_err(arguments);
        assert!(sentence.contains("set stripe.secret_key"), "{sentence}");
    }
}

#[tokio::test]
async fn the_status_shows_the_version_of_every_endpoint_with_our_address() {
    let stripe = start_practice_stripe().await;
    let sandbox = sandbox_with_stripe(&stripe);
    sandbox.run_ok(&["stripe", "connect"]);
    let create_endpoint = async |url: &str, version: &str| {
        let form = [("url", url), ("enabled_events[0]", "*"), ("api_version", version)];
        let call = reqwest::Client::new().post(format!("{}/v1/webhook_endpoints", stripe.url()));
        let made: Value =
            call.bearer_auth(STRIPE_KEY).form(&form).send().await.unwrap().json().await.unwrap();
        made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    let old = create_endpoint("https://give.example.org/webhooks/stripe/", "2020-08-27").await;
    let disabled = create_endpoint("https://give.example.org/webhooks/stripe", "2023-08-16").await;
    stripe.change_endpoint(&disabled, &json!({"status": "disabled"})).unwrap();
    create_endpoint("https://shop.example.org/webhooks/stripe", "2022-11-15").await;
    let output = sandbox.run(&["stripe", "status"]).out;
    assert!(output.contains(&format!("also delivers: {old}, version 2020-08-27")), "{output}");
    assert!(output.contains(&format!("disabled: {disabled}, version 2023-08-16")), "{output}");
    assert!(
        output.contains(&format!("version: {API_VERSION}")) && !output.contains("2022-11-15"),
        "{output}"
    );
}
