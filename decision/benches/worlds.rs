//! The worlds (appeals and a question) whose decisions are measured: a typical page, a heavy page, and many appeals
//! that can't match. The benchmark and the test that counts allocations share them.

use keepopen_decision::{AppealRules, Compiled, SiteRules, compile};
use serde_json::{Value, json};

/// A set of compiled appeals, and a question (a request for a decision) as JSON.
pub struct World {
    /// The compiled appeals and sites.
    pub rules: Compiled,
    /// The question.
    pub question: String,
}

/// The time of all questions: noon UTC on 2026-06-15, in milliseconds since 1970.
pub const NOON_MS: i64 = 1_781_524_800_000;

fn world(appeals: Vec<Value>, question: &Value) -> World {
    let appeals: Vec<AppealRules> = appeals
        .into_iter()
        .map(|appeal| serde_json::from_value(appeal).expect("the appeal must be valid"))
        .collect();
    let site = SiteRules { time_zone: "Europe/Dublin".to_owned(), ..SiteRules::new("journal") };
    let (rules, problems) = compile(&[site, SiteRules::new("gazette")], &appeals);
    assert!(problems.is_empty(), "the appeals must be valid: {problems:?}");
    World { rules, question: question.to_string() }
}

fn appeal(place: usize, section: &str) -> Value {
    json!({
        "id": format!("appeal-{place}"), "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
        "priority": place, "pages": {"sections": {"include": [section], "exclude": ["obituaries"]}},
        "audience": {"countries": {"include": ["IE", "GB"]}},
        "schedule": {"starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-07-01T00:00:00Z"},
        "variants": [{"id": "a"}, {"id": "b"}]
    })
}

fn question(history: &Value) -> Value {
    json!({
        "site": "journal", "surfaces": ["banner", "inline"],
        "page": {"url": "https://journal.example/politics/a", "section": "politics", "tags": ["china", "trade"],
                 "kind": "article", "ordinal": 3},
        "reader": {"country": "IE", "locale": "en-IE", "device": "mobile", "signed_in": false, "consent": "granted",
                   "bucket": 417_223},
        "history": history
    })
}

fn views(number: usize) -> Vec<Value> {
    (0..number)
        .map(|view| {
            let at = format!("2026-05-{:02}T12:00:00Z", view % 28 + 1);
            json!({"appeal": format!("appeal-{}", view % 50), "variant": "a", "at": at})
        })
        .collect()
}

/// Creates ten live appeals. Nine of them are meant for another section than the page's.
pub fn typical() -> World {
    let appeals = (0..10).map(|place| appeal(place, if place == 0 { "politics" } else { "sport" })).collect();
    world(appeals, &question(&json!({"views": views(3)})))
}

/// Creates fifty live appeals with rules about hours, articles and tags. The question has 52 weeks of history, 50 views
/// and 20 tags. With `caps_full`, the reader has seen every appeal as often as allowed, so none shows.
pub fn heavy(caps_full: bool) -> World {
    let heavy_appeal = |place: usize| {
        let mut appeal = appeal(place, "politics");
        appeal["priority"] = json!(place / 5);
        appeal["frequency"] = json!({"max_views": 1, "window_days": if caps_full { 90 } else { 5 }});
        appeal["schedule"]["hours"] =
            json!([{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "07:00", "to": "22:00"}]);
        appeal["audience"]["articles"] = if place.is_multiple_of(2) {
            json!({"weeks": 52, "min": 5})
        } else {
            json!({"weeks": 8, "min": 1, "tags": ["china", "tag-3"]})
        };
        appeal
    };
    let tags: Vec<String> =
        (0..20).map(|tag| if tag == 7 { "china".to_owned() } else { format!("tag-{tag}") }).collect();
    let mut day = jiff::civil::date(2026, 6, 15);
    let mut weeks = Vec::new();
    for _ in 0..52 {
        let counts: serde_json::Map<String, Value> = tags.iter().map(|tag| (tag.clone(), json!(2))).collect();
        weeks.push(json!({"week": day.to_string(), "count": 4, "tags": counts}));
        day = day.checked_sub(jiff::Span::new().weeks(1)).expect("a date in the last year must be valid");
    }
    let mut question = question(&json!({"views": views(50), "articles": weeks, "dismissals": []}));
    question["page"]["tags"] = json!(tags);
    world((0..50).map(heavy_appeal).collect(), &question)
}

/// Creates one appeal that matches, and `number` appeals for other sections, countries, surfaces and sites.
pub fn crowd(number: usize) -> World {
    let mut appeals = vec![appeal(0, "politics")];
    for place in 1..=number {
        let mut other = appeal(place, &format!("section-{}", place % 100));
        if !place.is_multiple_of(4) {
            other["pages"]["sections"]["include"] = json!([]);
            other["audience"]["countries"]["include"] = json!([]);
        }
        match place % 4 {
            0 => {}
            1 => other["audience"]["countries"]["include"] = json!(["FR"]),
            2 => other["surface"] = json!(["wall"]),
            _ => other["sites"] = json!(["gazette"]),
        }
        appeals.push(other);
    }
    world(appeals, &question(&json!({"views": views(3)})))
}
