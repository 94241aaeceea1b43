//! How rules and questions (requests for a decision) are parsed.

use std::borrow::Cow;

use keepopen_decision::{
    AppealRules, Kind, Moment, Percent, Question, Reason, SiteRules, Surface, TagCounts,
};
use serde_json::{Value, json};

/// Returns an appeal with every field that an appeal can have. No field has its default value.
fn full_appeal() -> Value {
    json!({
        "id": "summer", "sites": ["journal"], "kind": "win_back", "surface": ["wall", "inline"], "priority": -3,
        "live": "ended",
        "schedule": {
            "starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-07-01T00:00:00", "time_zone": "utc",
            "hours": [{"days": ["mon", "sun"], "from": "07:00", "to": "22:00"}],
            "blackouts": [{"first_date": "2026-06-12", "last_date": "2026-06-13"}]
        },
        "audience": {
            "standings": ["lapsed"], "countries": {"include": ["IE"], "exclude": ["GB"]},
            "regions": {"include": ["IE-L"], "exclude": []}, "languages": {"include": ["en"], "exclude": []},
            "devices": ["tablet"], "signed_in": false, "consent": "required",
            "entitlements": {"include": [], "exclude": ["archive"]}, "reader": "returning",
            "articles": {"weeks": 8, "min": 5, "max": 20, "tags": ["china"]}, "trend": "rising"
        },
        "pages": {
            "sections": {"include": ["politics"], "exclude": ["sport"]},
            "tags": {"include": ["china"], "exclude": ["football"]},
            "kinds": {"include": ["article"], "exclude": ["gallery"]},
            "urls": {"include": ["/sport/*"], "exclude": []}, "on_paid_pages": true, "on_sensitive_pages": true, "skip_first": 2
        },
        "frequency": {"max_views": 2, "window_days": 7, "min_gap_days": 1, "min_gap_hours": 4, "max_per_day": 1,
                      "unlimited": false},
        "redeploys": [{"at": "2026-06-05", "countries": {"include": ["IE"], "exclude": ["GB"]}}],
        "dismissal": {"close_days": 1, "later_days": 2, "already_gave_days": 3, "never_days": 4},
        "weight": 3, "share_percent": 12.5, "holdout_percent": 5, "assignment": "learned", "floor_percent": 10,
        "meter": {"free_articles": 5, "window_days": 14, "hard": true, "entitlement": "archive"},
        "without_history": "ask",
        "variants": [{"id": "a", "weight": 3, "weights_by_country": {"NZ": 2}, "needs": ["country"]}],
        "sequence": [{"variant": "a", "views": 3}]
    })
}

#[test]
fn an_appeal_is_unchanged_after_parsing_and_writing() {
    let read: AppealRules = serde_json::from_value(full_appeal()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), full_appeal());
}

#[test]
fn default_values_are_not_written() {
    let plain = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    let written = serde_json::to_value(&plain).unwrap();
    let names: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
    let always =
        "id sites kind surface priority live schedule audience pages dismissal without_history variants";
    assert_eq!(names.join(" "), always);
    assert!(written["pages"].get("skip_first").is_none(), "a default value was written: {written}");
}

#[test]
fn an_unknown_field_is_an_error_at_every_depth_of_an_appeal() {
    let mut objects = Vec::new();
    collect_objects(&full_appeal(), String::new(), &mut objects);
    // The fields of this object are names of countries. The compiler reports unknown names.
    objects.retain(|pointer| pointer != "/variants/0/weights_by_country");
    assert_eq!(objects.len(), 22);
    for pointer in objects {
        let mut appeal = full_appeal();
        appeal.pointer_mut(&pointer).unwrap()["typo"] = json!(1);
        let error = serde_json::from_value::<AppealRules>(appeal).unwrap_err().to_string();
        assert!(error.contains("unknown field `typo`"), "{pointer}: {error}");
    }
}

/// Collects the JSON pointers of all objects in the value.
fn collect_objects(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                collect_objects(inner, format!("{pointer}/{name}"), found);
            }
            found.push(pointer);
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                collect_objects(item, format!("{pointer}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_site_requires_only_an_id() {
    let read: SiteRules = serde_json::from_value(json!({"id": "journal"})).unwrap();
    assert_eq!(read, SiteRules::new("journal"));
    assert_eq!((read.quiet_days, read.time_zone.as_str()), (90, "UTC"));
    assert!(serde_json::from_value::<SiteRules>(json!({"id": "journal", "killed": true})).is_err());
}

#[test]
fn omitted_fields_have_their_defaults() {
    let appeal: AppealRules = serde_json::from_value(json!({
        "id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "variants": [{"id": "a"}],
        "audience": {"articles": {}}, "meter": {"free_articles": 5}
    }))
    .unwrap();
    assert_eq!(appeal.audience.articles.unwrap().weeks, 52);
    assert_eq!(appeal.meter.unwrap().window_days, 30);
    assert_eq!((appeal.weight, appeal.variants[0].weight), (1, 1));
    assert_eq!((appeal.share_percent, appeal.holdout_percent), (Percent::all(), Percent::default()));
}

#[test]
fn a_time_is_unchanged_after_parsing_and_writing() {
    for text in ["2026-06-15T12:00:00Z", "2026-06-15T12:00:00", "2026-06-15"] {
        assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
    }
    let at = "2026-06-15T12:00:00Z".parse::<jiff::Timestamp>().unwrap();
    assert_eq!(Moment::from(at), Moment::Exact(at));
    assert_eq!("2026-06-15T12:00".parse::<Moment>().unwrap().to_string(), "2026-06-15T12:00:00");
}

#[test]
fn a_value_of_the_wrong_type_in_a_question_is_rejected() {
    let error = |text: &str| serde_json::from_str::<Question<'_>>(text).unwrap_err().to_string();
    assert!(error(r#"{"site":"journal","page":[]}"#).contains("expected an object"));
    assert!(error(r#"{"site":"journal","surfaces":[{"banner":null}]}"#).contains("expected a text"));
    assert!(error(r#"{"site":"journal","surfaces":["roof"]}"#).contains("unknown variant `roof`"));
    let dismissed = r#"{"site":"journal","history":{"dismissals":[{"appeal":"a","at":"2026-06-15T12:00:00Z","kind":KIND}]}}"#;
    assert!(error(&dismissed.replace("KIND", r#"{"close":null}"#)).contains("expected a text"));
    assert!(error(&dismissed.replace("KIND", r#""shut""#)).contains("unknown variant `shut`"));
    let days = r#"{"site":"journal","history":{"article_days":DAYS}}"#;
    assert!(error(&days.replace("DAYS", "{}")).contains("expected a sequence"));
    assert!(error(&days.replace("DAYS", r#"[["2026-11-23",1]]"#)).contains("expected an object"));
    assert!(
        error(&days.replace("DAYS", r#"[{"day":"23/11"}]"#))
            .contains("`day` is not a date such as 2026-06-15")
    );
    let tags = r#"{"site":"journal","history":{"articles":[{"week":"2026-11-23","tags":TAGS}]}}"#;
    assert!(error(&tags.replace("TAGS", "[]")).contains("expected an object of numbers by tag"));
    let tags = tags.replace("TAGS", "null");
    let question: Question<'_> = serde_json::from_str(&tags).unwrap();
    assert_eq!(question.history.unwrap().articles[0].tags, TagCounts::default());
}

#[test]
fn every_part_of_a_question_is_parsed() {
    let text = r#"{"site":"journal","surfaces":["banner","inline"],
        "page":{"url":"https://journal.example/a","section":"politics","tags":["china"],"kind":"article",
                "sensitive":false,"paid":true,"ordinal":3},
        "reader":{"country":"IE","region":"L","locale":"en-IE","device":"mobile","signed_in":false,
                  "consent":"granted","bucket":417223},
        "history":{"views":[{"appeal":"summer","variant":"a","at":"2026-06-15T12:00:00Z"}],
                   "dismissals":[{"appeal":"summer","kind":"already_gave","at":"2026-06-15T12:00:00Z"}],
                   "articles":[{"week":"2026-11-23","count":4,"tags":{"china":2}}],"free_articles_used":4},
        "token":"abc"}"#;
    let question: Question<'_> = serde_json::from_str(text).unwrap();
    assert_eq!(question.page.ordinal, Some(3));
    assert!(question.page.paid);
    assert_eq!(question.reader.bucket, Some(417_223));
    assert_eq!(question.reader.signed_in, Some(false));
    assert_eq!(question.token.as_deref(), Some("abc"));
    let history = question.history.unwrap();
    assert_eq!(history.articles[0].tags.iter().collect::<Vec<_>>(), [("china", 2)]);
    assert_eq!(history.views[0].variant.as_deref(), Some("a"));
    assert_eq!(history.free_articles_used, Some(4));
}

#[test]
fn texts_are_borrowed_even_in_lists_unless_they_contain_escapes() {
    let text = r#"{"site":"journal","page":{"section":"a\u0062","tags":["china"]}}"#;
    let question: Question<'_> = serde_json::from_str(text).unwrap();
    assert!(matches!(question.site.0, Cow::Borrowed("journal")));
    assert!(matches!(question.page.tags[0].0, Cow::Borrowed("china")));
    assert!(matches!(&question.page.section.as_ref().unwrap().0, Cow::Owned(text) if text == "ab"));
}

#[test]
fn a_reason_has_the_same_label_in_json_and_in_text() {
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), json!(reason.as_str()));
        assert_eq!(reason.to_string(), reason.as_str());
    }
}
