//! Learned weights: if a variant of an appeal brings in more money than the others, the service shows it to more
//! readers.

use std::collections::BTreeMap;

use keepopen::actions;
use keepopen::store::counts::CountKey;
use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, checkout_body};

const HOUR_MS: i64 = 3_600_000;

const LEARNING: &str = r#"
[[appeals]]
id = "help"
sites = ["journal", "gazette"]
kind = "ask"
surface = ["banner", "inline"]
live = "live"
assignment = "learned"
floor_percent = 10

[[appeals.variants]]
id = "a"
copy = { heading = "We need your help now" }

[[appeals.variants]]
id = "b"
copy = { heading = "Keep us open" }
"#;

/// Starts a server whose only appeal learns the weights of its two variants.
async fn start_with_learning() -> TestApp {
    let app = TestApp::start().await;
    publish(&app, LEARNING);
    app
}

/// Writes the appeals file and publishes it.
fn publish(app: &TestApp, appeals: &str) {
    std::fs::write(app.folder().join("appeals.toml"), appeals).unwrap();
    actions::publish_appeals(&app.app).unwrap();
}

/// Returns the verdict for a reader in this bucket (the number that decides the variant of a new reader), who may have
/// seen the variant `seen` before.
async fn ask(app: &TestApp, bucket: u32, seen: Option<&str>) -> Value {
    let views: Vec<Value> = seen
        .iter()
        .map(|id| json!({"appeal": "help", "variant": id, "at": "2026-11-20T00:00:00Z"}))
        .collect();
    let question = json!({"site": "journal", "reader": {"bucket": bucket}, "history": {"views": views}});
    app.post("/v1/banner", &question).await.json
}

/// Returns how many of a hundred new readers get each variant.
async fn shares(app: &TestApp) -> BTreeMap<String, u32> {
    let mut shares = BTreeMap::new();
    for reader in 0..100 {
        let verdict = ask(app, reader * 9973, None).await;
        *shares.entry(verdict["variant"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    shares
}

/// Records `views` first views of the variant. Makes a gift of each amount in `gifts`, with the variant's attribution.
async fn record_results(app: &TestApp, variant: &str, views: usize, gifts: &[i64]) {
    let mut bucket = 0;
    let verdict = loop {
        let verdict = ask(app, bucket, None).await;
        if verdict["variant"] == variant {
            break verdict;
        }
        bucket += 1;
    };
    for _ in 0..views {
        let verdict = ask(app, bucket, None).await;
        let view =
            json!({"site": "journal", "event": "view", "ordinal": 1, "attribution": verdict["attribution"]});
        assert_eq!(app.post("/v1/banner/events", &view).await.status, 204);
    }
    for amount_minor in gifts {
        let mut body = checkout_body(Uuid::from_u128(fastrand::u128(..)), *amount_minor, "once");
        body["attribution"] = verdict["attribution"].clone();
        let answer = app.post("/v1/checkout", &body).await;
        app.stripe.pay(answer.text("session"), PaymentChoice::Card).unwrap();
    }
    actions::flush_counts(&app.app, &app.app.as_job("counts")).await.unwrap();
    app.deliver_and_process_all_events().await;
}

/// Advances the clock by more than an hour, and computes the weights again.
async fn update_weights_after_an_hour(app: &TestApp) {
    app.app.clock.advance(HOUR_MS + 60_000);
    actions::update_weights(&app.app, &app.app.as_job("weights")).await.unwrap();
}

#[tokio::test]
async fn the_variant_that_brings_in_more_money_gets_more_readers_and_the_other_keeps_its_minimum() {
    let app = start_with_learning().await;
    actions::update_weights(&app.app, &app.app.as_job("weights")).await.unwrap();
    let equal = shares(&app).await;
    assert!((35..=65).contains(&equal["a"]), "{equal:?}");

    record_results(&app, "a", 40, &[100]).await;
    record_results(&app, "b", 40, &[3000; 8]).await;
    actions::update_weights(&app.app, &app.app.as_job("weights")).await.unwrap();
    assert_eq!(shares(&app).await, equal, "the results of the current hour must not count");

    update_weights_after_an_hour(&app).await;
    let learned = shares(&app).await;
    let saved = app.app.snapshot_inputs().last_good().learned.clone();
    assert_eq!(saved, *app.app.learned.load_full(), "the saved snapshot must contain the weights");
    assert!(learned["b"] >= 80 && learned["a"] >= 3, "{learned:?}");
    for bucket in 0..20 {
        assert_eq!(
            ask(&app, bucket, Some("a")).await["variant"],
            "a",
            "a reader who saw the variant `a` must keep it"
        );
    }

    // The learned weights still apply after the appeal's text has changed. If a variant is added, the weights apply
    // again after the next update.
    publish(&app, &LEARNING.replace("Keep us open", "Keep us going"));
    assert_eq!(shares(&app).await, learned);
    publish(&app, &format!("{LEARNING}\n[[appeals.variants]]\nid = \"c\"\ncopy = {{ heading = \"New\" }}"));
    actions::update_weights(&app.app, &app.app.as_job("weights")).await.unwrap();
    let three_shares = shares(&app).await;
    assert!(three_shares["c"] >= 10 && three_shares["b"] > three_shares["a"], "{three_shares:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_renamed_appeal_learns_from_the_results_of_its_former_id() {
    let app = start_with_learning().await;
    record_results(&app, "a", 40, &[100]).await;
    record_results(&app, "b", 40, &[3000; 8]).await;
    let renamed = "id = \"support\"\nformer_ids = [\"help\"]";
    publish(&app, &LEARNING.replacen("id = \"help\"", renamed, 1));
    update_weights_after_an_hour(&app).await;
    let learned = shares(&app).await;
    assert!(learned["b"] >= 80, "{learned:?}");
    assert_eq!(
        ask(&app, 0, Some("a")).await["variant"],
        "a",
        "a reader who saw the variant `a` under the former id must keep it"
    );

    publish(&app, &LEARNING.replacen("id = \"help\"", "id = \"another\"", 1));
    update_weights_after_an_hour(&app).await;
    let without_results = shares(&app).await;
    assert!(without_results["b"] <= 65, "{without_results:?}");
    app.finish().await;
}

#[tokio::test]
async fn two_appeals_with_the_same_former_id_each_learn_from_the_results_of_their_own_site() {
    let app = start_with_learning().await;
    actions::update_weights(&app.app, &app.app.as_job("weights")).await.unwrap();
    record_results(&app, "a", 40, &[100]).await;
    record_results(&app, "b", 40, &[3000; 8]).await;
    let appeal_on = |site: &str, id: &str| {
        let renamed = format!("id = \"{id}\"\nformer_ids = [\"help\"]");
        LEARNING
            .replace("[\"journal\", \"gazette\"]", &format!("[\"{site}\"]"))
            .replace("id = \"help\"", &renamed)
    };
    publish(&app, &format!("{}{}", appeal_on("journal", "support"), appeal_on("gazette", "defend")));
    update_weights_after_an_hour(&app).await;
    let learned = app.app.learned.load_full();
    let weight = |appeal: &str, variant: &str| {
        let appeal_weights = learned.weights.iter().find(|it| it.appeal == appeal).unwrap();
        appeal_weights.weights.iter().find(|(id, _)| id == variant).unwrap().1
    };
    assert!(weight("support", "b") > 4 * weight("support", "a"), "{learned:?}");
    let (a, b) = (weight("defend", "a"), weight("defend", "b"));
    assert!(a.abs_diff(b) * 10 < a + b, "weights must stay equal on a site without views: {learned:?}");
    app.finish().await;
}

/// Counts `readers` first views of the variant in the current hour.
async fn record_first_views(app: &TestApp, variant: &str, readers: i64) {
    let now_ms = app.app.now_ms();
    let key = CountKey {
        hour_at_ms: now_ms - now_ms.rem_euclid(HOUR_MS),
        site: "journal".to_owned(),
        appeal: "help".to_owned(),
        variant: variant.to_owned(),
        surface: "banner".to_owned(),
        country: String::new(),
        kind: "first_view".to_owned(),
    };
    for _ in 0..readers {
        app.app.counters.count(key.clone());
    }
    actions::flush_counts(&app.app, &app.app.as_job("counts")).await.unwrap();
}

#[tokio::test]
async fn implausible_views_do_not_change_the_weights_and_are_reported_in_the_results() {
    let app = start_with_learning().await;
    update_weights_after_an_hour(&app).await;
    for variant in ["a", "b"] {
        record_first_views(&app, variant, 100).await;
        record_results(&app, variant, 0, &[1000; 6]).await;
    }
    record_first_views(&app, "b", 2000).await;
    update_weights_after_an_hour(&app).await;
    let shares = shares(&app).await;
    assert!((20..=80).contains(&shares["a"]), "{shares:?}");
    let scopes = [keepopen::keys::Scope::AppealsRead];
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap();
    let results = app.get("/v1/results?site=journal&from=2026-11-24&to=2026-11-24", Some(&key.secret)).await;
    assert_eq!(results.json["ignored"][0]["appeal"], "help");
    assert!((1800..=2000).contains(&results.json["ignored"][0]["views"].as_i64().unwrap()), "{results:?}");
    app.finish().await;
}

#[tokio::test]
async fn every_instance_learns_the_same_weights_even_if_it_starts_later() {
    let app = start_with_learning().await;
    record_results(&app, "a", 30, &[500, 500]).await;
    record_results(&app, "b", 30, &[1000, 1000, 1000]).await;
    update_weights_after_an_hour(&app).await;
    let later = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    actions::update_weights(&later, &later.as_job("weights")).await.unwrap();
    let (one, other) = (app.app.learned.load_full(), later.learned.load_full());
    assert_eq!(one.weights, other.weights);
    let journal_weights = one.weights.iter().find(|it| it.site == "journal").unwrap();
    assert!(journal_weights.weights[1].1 > journal_weights.weights[0].1, "{journal_weights:?}");
    let gazette_weights = one.weights.iter().find(|it| it.site == "gazette").unwrap();
    assert_eq!(
        gazette_weights.weights[0].1, gazette_weights.weights[1].1,
        "weights must stay equal on a site without results"
    );
    later.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn refunded_gifts_do_not_count_for_the_weights() {
    let app = start_with_learning().await;
    record_results(&app, "a", 20, &[500; 2]).await;
    record_results(&app, "b", 20, &[50_000; 6]).await;
    for charge in app.stripe.objects("charge") {
        if charge["amount"] == 50_000 {
            app.stripe.refund(charge["id"].as_str().unwrap(), None).unwrap();
        }
    }
    app.deliver_and_process_all_events().await;
    update_weights_after_an_hour(&app).await;
    let learned = shares(&app).await;
    assert!(learned["a"] > learned["b"], "{learned:?}");
    let retained = app.app.store.retained_gifts(
        "journal",
        "help",
        app.app.site("journal").unwrap().currency,
        0..i64::MAX,
    );
    let retained: Vec<_> =
        retained.await.unwrap().into_iter().map(|it| (it.variant, it.gifts, it.total_minor)).collect();
    assert_eq!(retained, [("a".to_owned(), 2, 1000)]);
    app.finish().await;
}
