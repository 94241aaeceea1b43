//! The evidence of every rule, as text: what the rule found and what would have passed.

use keepopen_decision::{Explanation, Known, Rule};
use serde_json::json;

use crate::explain::{NOW_MS, explain_appeals, explain_on_site, rule_explanation, summer_appeal, with_field};

/// Returns one line for each rule of the only appeal: what the rule found and what would have passed.
fn lines(explanation: &Explanation) -> String {
    let rules = explanation.appeals[0].rules.iter();
    rules
        .map(|explanation| format!("{:?}: {} | {}\n", explanation.rule, explanation.seen, explanation.wanted))
        .collect()
}

#[test]
fn evidence_of_every_rule_for_an_appeal_without_conditions() {
    let explanation = explain_appeals(
        &json!([summer_appeal()]),
        &json!({"site": "journal", "history": {}}),
        Known::without_token(),
    );
    assert_eq!(lines(&explanation), "\
KillSwitch: appeals on | appeals on
Live: live | live or scheduled
Country: unknown | any
PageTargeted: section: none; tags: none | any
Surface: banner or inline or wall | banner
Standing: none | none or one_off or lapsed
Quiet: no quiet period | quiet period over
Schedule: 2026-06-15T13:00:00+01:00[Europe/Dublin] | any time
Hours: 2026-06-15T13:00:00+01:00[Europe/Dublin] | every hour
SensitivePage: ordinary page | ordinary page
PaidPage: ordinary page | ordinary page
SiteExcluded: not excluded | a page that the site does not exclude
PageKind: unknown | any
Url: unknown | any
PageExcluded: section: none; tags: none | any
Language: unknown | any
Device: unknown | any
SignedIn: unknown | any
Traits: none | any
Consent: unknown | no condition
Entitlements: none | no condition
Values: article_count, currency, weekday, date | no condition
History: a history | a history
Reader: new: 0 views, 0 dismissals, 0 articles | any
Articles: 0 articles in 52 weeks and the current week | any number
Trend: steady: 0 articles in the last four weeks, 0 in the four weeks before | any
Meter: 0 free articles used | any number
SkipFirst: unknown | any page
Frequency: 0 views in the last 30 days; never seen | fewer than 4 views
SiteFrequency: 0 views on the whole site | no condition
CoolDown: last view of any appeal: never; last dismissal: never | at least 0 minutes after a view, at least 0 minutes after a dismissal
Dismissal: never dismissed | days that must pass: 14 after `close`, 3 after `later`, 365 after `already_gave`; `never` lasts forever
Sequence: 0 views | no sequence
");
}

#[test]
fn evidence_of_every_rule_for_an_appeal_with_conditions() {
    let one_and_two_excluded = json!({"include": [], "exclude": ["one", "two"]});
    let appeal = with_field(
        summer_appeal(),
        "audience",
        json!({
            "countries": {"include": [], "exclude": ["GB", "FR"]}, "languages": {"include": [], "exclude": ["fr", "de"]},
            "signed_in": false, "entitlements": one_and_two_excluded, "reader": "returning", "trend": "steady",
            "articles": {"min": 1, "max": 9, "tags": ["china"], "weeks": 1}
        }),
    );
    let pages = json!({"sections": one_and_two_excluded, "tags": {"include": [], "exclude": ["three"]}, "kinds": one_and_two_excluded,
        "urls": {"include": [], "exclude": ["/one/*", "*two"]}, "on_paid_pages": true, "on_sensitive_pages": true,
        "skip_first": 1});
    let meter = json!({"free_articles": 1, "entitlement": "archive"});
    let appeal = with_field(with_field(appeal, "pages", pages), "meter", meter);
    let schedule = json!({"starts_at": "2026-06-01", "ends_at": "2026-06-30", "time_zone": "utc",
        "hours": [{"days": ["mon"], "from": "07:30", "to": "22:15"}, {"days": ["wed"], "from": "22:00", "to": "02:00"}]});
    let frequency = json!({"max_views": 3, "window_days": 7, "min_gap_hours": 4, "max_per_day": 2});
    let appeal = with_field(with_field(appeal, "schedule", schedule), "frequency", frequency);
    let appeal =
        with_field(appeal, "dismissal", json!({"close_days": 1, "later_days": 2, "never_days": 400}));
    let appeal = with_field(appeal, "variants", json!([{"id": "a", "needs": ["country", "days_left"]}]));
    let question = json!({"site": "journal",
        "page": {"url": "/three", "section": "four", "tags": ["five", "six"], "kind": "seven", "paid": true,
                 "sensitive": true, "ordinal": 2},
        "reader": {"country": "IE", "locale": "en", "device": "tablet", "signed_in": false, "consent": "denied"},
        "history": {"views": [{"appeal": "summer", "at": "2026-06-11T11:00:00Z"},
                              {"appeal": "summer", "at": "2026-06-08T12:00:00Z"},
                              {"appeal": "winter", "at": "2026-06-15T11:59:00Z"}],
                    "dismissals": [{"appeal": "summer", "kind": "later", "at": "2026-06-10T12:00:00Z"}],
                    "articles": [{"week": "2026-06-08", "count": 1, "tags": {"China": 1}}], "article_days": [{"day": "2026-05-17", "count": 2}, {"day": "2026-05-16", "count": 1}]}});
    let known = Known {
        quiet_until_ms: Some(NOW_MS - 60_000),
        entitlements: vec!["archive".to_owned(), "events".to_owned()],
        ..Known::without_token()
    };
    assert_eq!(lines(&explain_appeals(&json!([appeal]), &question, known)), "\
KillSwitch: appeals on | appeals on
Live: live | live or scheduled
Country: IE | none of: FR, GB
PageTargeted: section: four; tags: five, six | any
Surface: banner or inline or wall | banner
Standing: none | none or one_off or lapsed
Quiet: quiet until 2026-06-15T12:59:00+01:00[Europe/Dublin] | quiet period over
Schedule: 2026-06-15T13:00:00+01:00[Europe/Dublin] | from 2026-06-01T01:00:00+01:00[Europe/Dublin] to 2026-07-01T00:59:59.999+01:00[Europe/Dublin]
Hours: 2026-06-15T13:00:00+01:00[Europe/Dublin] | Mon 07:30 to Mon 22:15, Wed 22:00 to Thu 02:00 (UTC)
SensitivePage: sensitive page | any page
PaidPage: paid page | any page
SiteExcluded: not excluded | a page that the site does not exclude
PageKind: seven | none of: one, two
Url: /three | none of: /one/*, *two
PageExcluded: section: four; tags: five, six | none of: sections: one, two; tags: three
Language: en | none of: fr, de
Device: tablet | any
SignedIn: not signed in | not signed in
Traits: none | any
Consent: denied | no condition
Entitlements: archive, events | none of: one, two
Values: article_count, country, currency, weekday, date, days_left | country, days_left
History: a history | a history
Reader: returning: 3 views, 1 dismissal, 1 article | returning
Articles: 1 article in 1 week and the current week | 1 to 9 articles tagged china
Trend: steady: 1 article in the last four weeks, 0 in the four weeks before | steady
Meter: 2 free articles used in 30 days, entitled to continue reading | at least 1 free article used in 30 days
SkipFirst: page 2 of the visit | after the first page
Frequency: 1 view in the last 7 days; the newest was 4 whole days ago | fewer than 3 views; fewer than 2 views today (a day begins at 04:00); the newest at least 4 hours ago
SiteFrequency: 3 views on the whole site | no condition
CoolDown: last view of any appeal: 1 minute ago; last dismissal: 7200 minutes ago | at least 0 minutes after a view, at least 0 minutes after a dismissal
Dismissal: `later` 5 whole days ago | days that must pass: 1 after `close`, 2 after `later`, 365 after `already_gave`, 400 after `never`
Sequence: 2 views | no sequence
");
}

#[test]
fn evidence_of_the_sites_rules_and_of_further_conditions() {
    let site = json!({
        "id": "journal", "time_zone": "Europe/Dublin", "kill_switch": true, "silenced_surfaces": ["wall", "inline"],
        "frequency": {"max_views": 1, "min_gap_days": 2}, "values": ["ticker_goal"],
        "cool_down": {"after_view_minutes": 1, "after_dismissal_minutes": 5},
        "exclusions": [{"sections": ["one"], "tags": ["two"]}, {"kinds": ["three"]}, {"urls": ["/a*b"]},
                       {"first_date": "2026-06-15", "last_date": "2026-06-15"}],
        "blackouts": [{"days": ["sun"], "from": "06:00", "to": "12:00"}, {"first_date": "2026-06-15", "last_date": "2026-06-16"}]
    });
    let selection = json!({"include": ["one", "two"], "exclude": ["three"]});
    let audience = json!({
        "countries": {"include": ["IE"], "exclude": ["GB"]}, "regions": {"include": ["US-CA"], "exclude": ["IE-L"]},
        "languages": {"include": ["en"], "exclude": ["en-US"]}, "entitlements": selection, "articles": {"min": 3},
        "standings": ["lapsed", "one_off"], "signed_in": true, "devices": ["desktop"]
    });
    let appeal = with_field(with_field(summer_appeal(), "audience", audience), "kind", json!("win_back"));
    let pages = json!({"sections": selection, "tags": selection, "kinds": selection, "urls": {"include": ["/a*"], "exclude": ["*b*"]}});
    let appeal = with_field(with_field(appeal, "pages", pages), "surface", json!(["wall", "banner"]));
    let schedule =
        json!({"time_zone": "utc", "ends_at": "2026-06-15T11:00:00Z", "hours": [{"from": "12:00"}]});
    let appeal = with_field(with_field(appeal, "schedule", schedule), "sequence", json!([{"variant": "a"}]));
    let question = json!({"site": "journal", "surfaces": ["wall", "banner"],
        "page": {"url": "https://journal.example/a/b", "section": "one", "kind": "three"},
        "reader": {"country": "US", "region": "ca", "locale": "de", "device": "watch", "signed_in": true},
        "history": {"views": [{"appeal": "winter", "at": "2026-06-13T12:00:00Z"}],
                    "dismissals": [{"appeal": "winter", "kind": "already_gave", "at": "2026-06-15T11:55:00Z"},
                                   {"appeal": "summer", "kind": "close", "at": "2026-06-16T12:00:00Z"}]}});
    let explanation = explain_on_site(&site, &json!([appeal]), &question, Known::unknown());
    assert_eq!(lines(&explanation), "\
KillSwitch: appeals off | appeals on
Live: live | live or scheduled
Country: US-CA | one of: IE, US-CA; none of: GB, IE-L
PageTargeted: section: one; tags: none | one of: sections: one, two; tags: one, two
Surface: banner or wall; switched off: wall | banner or wall
Standing: unknown | one_off or lapsed
Quiet: no quiet period | quiet period over
Schedule: 2026-06-15T13:00:00+01:00[Europe/Dublin] | to 2026-06-15T12:00:59.999+01:00[Europe/Dublin]
Hours: 2026-06-15T13:00:00+01:00[Europe/Dublin] | Mon 12:00 to Tue 00:00, Tue 12:00 to Wed 00:00, Wed 12:00 to Thu 00:00, Thu 12:00 to Fri 00:00, Fri 12:00 to Sat 00:00, Sat 12:00 to Sun 00:00, Sun 12:00 to Mon 00:00 (UTC); in the site's time zone: Mon 00:00 to Sun 06:00, Sun 12:00 to Mon 00:00; not during a blackout
SensitivePage: ordinary page | ordinary page
PaidPage: ordinary page | ordinary page
SiteExcluded: excluded by the site: [sections: one; tags: two], [kinds: three], [url: /a*b], [every page] | a page that the site does not exclude
PageKind: three | one of: one, two; none of: three
Url: /a/b | one of: /a*; none of: *b*
PageExcluded: section: one; tags: none | none of: sections: three; tags: three
Language: de | one of: en; none of: en-US
Device: unknown | desktop
SignedIn: signed in | signed in
Traits: none | any
Consent: unknown | no condition
Entitlements: none | one of: one, two; none of: three
Values: article_count, country, currency, weekday, date, days_left, ticker_goal | no condition
History: a history | a history
Reader: returning: 1 view, 2 dismissals, 0 articles | any
Articles: 0 articles in 52 weeks and the current week | at least 3 articles
Trend: steady: 0 articles in the last four weeks, 0 in the four weeks before | any
Meter: 0 free articles used | any number
SkipFirst: unknown | any page
Frequency: 0 views in the last 30 days; never seen | fewer than 4 views
SiteFrequency: on the whole site: 1 view in the last 30 days; the newest was 2 whole days ago | fewer than 1 view; the newest at least 2 days ago
CoolDown: last view of any appeal: 2880 minutes ago; last dismissal: 0 minutes ago | at least 1 minute after a view, at least 5 minutes after a dismissal
Dismissal: `already_gave` 0 whole days ago, `close` 0 whole days ago | days that must pass: 14 after `close`, 3 after `later`, 365 after `already_gave`; `never` lasts forever
Sequence: 0 views | any number of views (the sequence never ends)
");
}

#[test]
fn evidence_of_rules_that_rarely_apply() {
    let appeal = with_field(summer_appeal(), "kind", json!("thank"));
    let appeal = with_field(appeal, "frequency", json!({"unlimited": true}));
    let audience = json!({"articles": {"max": 0}, "standings": ["recurring"], "consent": "required"});
    let appeal = with_field(with_field(appeal, "audience", audience), "without_history", json!("ask"));
    let appeal = with_field(appeal, "dismissal", json!({"never_days": 1, "already_gave_days": 0}));
    let appeal = with_field(appeal, "sequence", json!([{"variant": "a", "views": 2}]));
    let known = Known { quiet_until_ms: Some(i64::MAX), ..Known::without_token() };
    let explanation = explain_appeals(&json!([appeal]), &json!({"site": "journal"}), known);
    let evidence = |wanted: Rule| {
        let explanation = rule_explanation(&explanation.appeals[0], wanted);
        format!("{} | {}", explanation.seen, explanation.wanted)
    };
    assert_eq!(evidence(Rule::Standing), "none | recurring");
    assert_eq!(
        evidence(Rule::Quiet),
        "quiet until 9223372036854775807 ms | no condition: the appeal does not ask for money"
    );
    assert_eq!(evidence(Rule::Consent), "unknown | granted");
    assert_eq!(evidence(Rule::History), "no history | no condition");
    assert_eq!(evidence(Rule::Articles), "0 articles in 52 weeks and the current week | at most 0 articles");
    assert_eq!(evidence(Rule::Frequency), "0 views in total | no condition");
    assert_eq!(evidence(Rule::Sequence), "0 views | fewer than 2 views");
}
