//! Unknown field names in questions (requests for a decision) that look like a typo cause a warning. Other unknown
//! names are ignored.

use keepopen_decision::NearMisses;
use serde_json::{Value, json};

fn warnings(question: &Value) -> Vec<String> {
    serde_json::from_str::<NearMisses>(&question.to_string()).expect("the question must be valid JSON").0
}

#[test]
fn a_typo_causes_a_warning_with_the_probable_name() {
    assert_eq!(
        warnings(&json!({"site": "journal", "page": {"sensitve": true, "tags": ["a"]}})),
        ["page.sensitve is not known and was ignored; did you mean page.sensitive?"]
    );
    assert_eq!(
        warnings(&json!({"site": "journal", "reader": {"signedIn": true, "Country": "IE"}})),
        [
            "reader.signedIn is not known and was ignored; did you mean reader.signed_in?",
            "reader.Country is not known and was ignored; did you mean reader.country?"
        ]
    );
}

#[test]
fn a_field_in_the_wrong_object_causes_a_warning_with_the_right_object() {
    assert_eq!(
        warnings(
            &json!({"site": "journal", "section": "sport", "reader": {"url": "/a"}, "page": {"country": "IE"}})
        ),
        [
            "section is not known and was ignored; did you mean page.section?",
            "reader.url is not known and was ignored; did you mean page.url?",
            "page.country is not known and was ignored; did you mean reader.country?"
        ]
    );
}

#[test]
fn a_typo_in_many_entries_causes_one_warning() {
    let view = json!({"appeal": "a", "varient": "b", "at": "2026-06-15T12:00:00Z"});
    assert_eq!(
        warnings(&json!({"site": "journal", "history": {"views": [view, view]}})),
        ["history.views.varient is not known and was ignored; did you mean history.views.variant?"]
    );
    assert_eq!(
        warnings(
            &json!({"site": "journal", "history": {"article_day": [], "article_days": [{"days": "2026-06-15"}]}})
        ),
        [
            "history.article_day is not known and was ignored; did you mean history.article_days?",
            "history.article_days.days is not known and was ignored; did you mean history.article_days.day?"
        ]
    );
    let many: serde_json::Map<String, Value> =
        (0..9).map(|number| (format!("sectio{number}"), json!(1))).collect();
    assert_eq!(warnings(&json!({"site": "journal", "page": many})).len(), 5);
}

#[test]
fn known_and_unrelated_fields_cause_no_warning() {
    let question = json!({
        "site": "journal", "surfaces": ["banner"], "token": null, "supporter": {"standing": "none"}, "preview": "note", "author": "x", "experiment": {"site": 1},
        "page": {"url": "/a", "section": null, "tags": [], "kind": "a", "sensitive": false, "paid": false, "ordinal": 1, "words": 7},
        "reader": {"country": "IE", "region": null, "locale": "en", "device": "mobile", "signed_in": false,
                   "consent": "granted", "bucket": 1, "age": 1.5},
        "history": {"views": [{"appeal": "a", "variant": "b", "at": "x"}], "dismissals": [{"appeal": "a", "kind": "close", "at": "x"}],
                    "articles": [{"week": "x", "count": 1, "tags": {"coutn": 1}}],
                    "article_days": [{"day": "x", "count": 1}], "free_articles_used": 4}
    });
    assert_eq!(warnings(&question), [] as [String; 0]);
    assert_eq!(
        warnings(&json!({"site": "journal", "page": 3, "reader": null, "history": ["a", true, -1, 1.5]})),
        [] as [String; 0]
    );
}
