//! The appeals and questions that the benchmark measures. A set of appeals with its questions is called a world. There
//! are two worlds: a typical one and a heavy one.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use keepopen::app::App;
use keepopen::ids::SupporterId;
use keepopen::keys::{Claims, TokenScope};
use keepopen_decision::Standing;
use keepopen_testkit::journal;
use serde_json::json;
use tempfile::TempDir;

/// A file with appeals, and the questions (bodies of banner requests) about them.
pub struct World {
    /// The name of the world in the output.
    pub name: &'static str,
    /// The folder with the appeals file.
    pub folder: TempDir,
    /// Whether this is the heavy world.
    heavy: bool,
}

/// A question and the reason of its expected verdict.
pub struct Question {
    /// The name of the question in the output.
    pub name: &'static str,
    /// The body of the banner request.
    pub body: String,
    /// The reason that the verdict must have.
    pub reason: &'static str,
}

const CHOICES: &str = r#"
once = [500, 1500]
month = [500, 1000]
default_interval = "month"
default_amount_minor = 1000"#;

/// The settings of a service whose appeals file is in `folder`.
pub fn settings(folder: &Path) -> String {
    format!(
        r#"
data_dir = "{folder}"
[server]
bind = "127.0.0.1:0"
public_url = "https://give.example.org/"
workers = 1
[appeals]
file = "{folder}/appeals.toml"
{site}"#,
        folder = folder.display(),
        site = journal("", CHOICES)
    )
}

/// One appeal as TOML. `number` is its position in the file, counted from 0. `more` is TOML with other fields.
pub fn appeal(number: usize, kind: &str, more: &str) -> String {
    format!(
        r#"
[[appeals]]
id = "appeal-{number}"
sites = ["journal"]
kind = "{kind}"
surface = ["banner", "inline"]
live = "live"
{more}
[[appeals.variants]]
id = "a"
copy = {{ heading = "We need your help now", body = ["What we report on costs time and money. It is open to everybody, since people like you pay for it."], cta = "Give {{gift}}" }}
[[appeals.variants]]
id = "b"
copy = {{ heading = "Help us go on", body = ["What we report on costs time and money. It is open to everybody, since people like you pay for it."], cta = "Give {{gift}}" }}
"#
    )
}

impl World {
    fn new(name: &'static str, heavy: bool, appeals: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("appeals.toml"), appeals).unwrap();
        Self { name, folder, heavy }
    }

    /// Ten live appeals, of which two match the page: one asks for a gift, and one thanks. A question has about 1 KiB.
    pub fn typical() -> Self {
        let new_appeal = |number: usize| {
            let sections = if number >= 8 { "politics" } else { "sport" };
            let more = format!(
                r#"priority = {number}
pages = {{ sections = {{ include = ["{sections}"] }}, tags = {{ exclude = ["obituary"] }} }}
audience = {{ countries = {{ exclude = ["AQ"] }} }}
frequency = {{ max_views = 40, window_days = 30 }}"#
            );
            appeal(number, if number == 9 { "thank" } else { "ask" }, &more)
        };
        Self::new("typical", false, &(0..10).map(new_appeal).collect::<String>())
    }

    /// Fifty live appeals that all match the page and have rules about hours, articles and tags. The reader has a
    /// history of 52 weeks, with 50 views and up to 20 tags a week.
    pub fn heavy() -> Self {
        let new_appeal = |number: usize| {
            let articles = if number.is_multiple_of(2) {
                "weeks = 52, min = 5"
            } else {
                r#"weeks = 8, min = 1, tags = ["china", "tag-3"]"#
            };
            let more = format!(
                r#"priority = {}
schedule = {{ hours = [{{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "00:00", to = "24:00" }}] }}
pages = {{ sections = {{ include = ["politics"] }}, tags = {{ exclude = ["obituary"] }} }}
audience = {{ countries = {{ include = ["IE", "GB"] }}, articles = {{ {articles} }} }}
frequency = {{ max_views = 1, window_days = 5 }}"#,
                number / 5
            );
            appeal(number, "ask", &more)
        };
        Self::new("heavy", true, &(0..50).map(new_appeal).collect::<String>())
    }

    /// The questions of this world. If a question contains a token, `app` has seen the token before the measurement.
    pub fn questions(&self, app: &App) -> Vec<Question> {
        let now_ms = app.now_ms();
        let token = app.tokens.sign(&claims(now_ms / 1000));
        let question = |token, tags_a_week| self.question(now_ms, token, tags_a_week, "politics");
        let shown = Question { name: "an appeal shows", body: question(None, 2), reason: "matched" };
        if self.heavy {
            let few_tags = Question { name: "4 tags each week", body: question(None, 4), ..shown };
            let many_tags = Question { name: "20 tags each week", body: question(None, 20), ..shown };
            return vec![few_tags, many_tags];
        }
        vec![
            shown,
            Question { name: "token, thanks show", body: question(Some(&token), 2), reason: "matched" },
            Question {
                name: "token, no appeal shows",
                body: self.question(now_ms, Some(&token), 2, "sport"),
                reason: "supporter",
            },
        ]
    }

    /// A question as our embed script writes it: with the same order of fields, and the oldest entries first.
    fn question(&self, now_ms: i64, token: Option<&str>, tags_a_week: usize, section: &str) -> String {
        let (views, weeks) = match (self.heavy, token) {
            (true, _) => (50, 52),
            (false, None) => (5, 4),
            (false, Some(_)) => (1, 1),
        };
        let tags: Vec<String> =
            (0..20).map(|tag| if tag == 18 { "china".into() } else { format!("tag-{tag}") }).collect();
        let tags = if self.heavy { tags } else { vec!["assembly".into(), "budget".into()] };
        let now = Timestamp::from_millisecond(now_ms).unwrap();
        let view = |number: i64| {
            let at = now - Span::new().hours(24 * 10 + 7 * number);
            format!(r#"{{"appeal":"appeal-{}","variant":"a","at":"{at:.3}"}}"#, number % 50)
        };
        let week = |number: i64| {
            let monday = TimeZone::UTC.to_datetime(now).date() - Span::new().weeks(number);
            let counts = tags.iter().rev().take(tags_a_week).map(|tag| format!(r#""{tag}":2"#));
            let counts: Vec<String> = counts.collect();
            format!(r#"{{"week":"{monday}","count":4,"tags":{{{}}}}}"#, counts.join(","))
        };
        let day = |number: i64| {
            let day = TimeZone::UTC.to_datetime(now).date() - Span::new().days(2 * number);
            format!(r#"{{"day":"{day}","count":1}}"#)
        };
        let days: Vec<String> = (0..weeks).rev().map(day).collect();
        let views: Vec<String> = (0..views).rev().map(view).collect();
        let weeks: Vec<String> = (0..weeks).rev().map(week).collect();
        let token = token.map_or_else(String::new, |token| format!(r#""token":"{token}","#));
        [
            r#"{"site":"journal","surfaces":["banner","inline"],"#,
            r#""page":{"url":"https://journal.example.org/politics/1","#,
            &format!(r#""section":"{section}","tags":{},"#, json!(tags)),
            r#""kind":"article","sensitive":false},"#,
            r#""reader":{"country":"IE","region":"L","locale":"en-IE","device":"mobile","signed_in":false,"#,
            r#""consent":"granted","bucket":417223},"#,
            &token,
            &format!(r#""history":{{"views":[{}],"dismissals":[],"#, views.join(",")),
            &format!(r#""articles":[{}],"article_days":[{}]}}}}"#, weeks.join(","), days.join(",")),
        ]
        .concat()
    }
}

fn claims(now_s: i64) -> Claims {
    Claims {
        iss: "https://give.example.org".to_owned(),
        aud: "journal".to_owned(),
        sub: SupporterId::from_bytes([1; 16]),
        iat: now_s,
        exp: now_s + 86_400,
        nbf: None,
        jti: "one".to_owned(),
        epoch: 0,
        scope: TokenScope::Standing,
        standing: Standing::Recurring,
        quiet_until: None,
        entitlements: Vec::new(),
    }
}
