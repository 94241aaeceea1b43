//! Checks an appeals file with any content: reads and compiles it, writes it back, and asks for verdicts.

use std::sync::OnceLock;

use keepopen::appeals::file::Format;
use keepopen::appeals::{Snapshot, file};
use keepopen::sites::{self, Settings};
use keepopen_decision::{Decision, History, Known, Question, Value, Verdict, problems_of_ended_schedules};

use super::NOW_S;

/// Checks that any text is either rejected or read as appeals, and that each appeal is either used or reported as
/// invalid. Checks that the appeals can be written and read back unchanged. Checks that a question (a reader's request
/// for an appeal) has a verdict at any time, and that a verdict names an existing appeal.
pub fn appeals_file(data: &[u8]) {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    let settings =
        SETTINGS.get_or_init(|| sites::from_toml(SITES).expect("the fixed settings must be valid"));
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in [Format::Toml, Format::Yaml] {
        check_format(text, format, settings);
    }
}

fn check_format(text: &str, format: Format, settings: &Settings) {
    let Ok(fields) = file::fields(text, format) else {
        assert!(file::read(text, format).is_err(), "the two functions disagree on whether the text is valid");
        return;
    };
    let (appeals, problems) =
        file::read(text, format).expect("a file whose fields are readable must be readable");
    assert_eq!(
        appeals.len() + problems.len(),
        fields.len(),
        "an appeal is neither used nor reported as invalid"
    );
    match file::write(&fields, format) {
        Ok(written) => {
            let reread = file::fields(&written, format).expect("a written file must be readable");
            assert_eq!(
                file::write(&reread, format).expect("a file that was written once must be writable again"),
                written
            );
        }
        // Some numbers, such as NaN, can't be written. A field with such a number is omitted. An item of a list can't
        // be omitted, so a list with such a number is an error.
        Err(error) => {
            let text = text.to_lowercase();
            assert!(["nan", "inf"].iter().any(|word| text.contains(word)), "can't be written: {error}");
        }
    }
    let snapshot = Snapshot::build(&settings.sites, &appeals, problems);
    let sites: Vec<_> = settings.sites.iter().map(|(id, site)| site.rules(id)).collect();
    let rules: Vec<_> = appeals.iter().map(|appeal| appeal.rules.clone()).collect();
    problems_of_ended_schedules(&sites, &rules, NOW_S * 1000);
    for (draw, days) in [(0, 0), (417_223, 1), (999_999, 40), (5, 1000), (77, 40_000)] {
        let now_ms = (NOW_S + days * 86_400) * 1000;
        let mut question = Question::from_site("journal");
        question.reader.bucket = Some(draw);
        question.history = Some(History::default());
        question.reader.locale = (draw % 2 == 1).then(|| "de-AT".into());
        question.reader.device = (draw % 3 == 2).then(|| "mobile".into());
        let unknown_reader = Known::without_token();
        let site = snapshot.compiled.site(&question.site).expect("the site of the question must exist");
        let decision = Decision::new(site, &question, &unknown_reader, now_ms, draw);
        match decision.verdict() {
            Verdict::Show { appeal, variant, .. } | Verdict::HeldOut { appeal, variant, .. } => {
                let variants = &snapshot.appeal(appeal).variants;
                let variant = variants.get(variant).expect("the variant of the verdict must exist");
                let (_, required_values) = variant.content(&question.site, &question.reader, None, None);
                let known = decision.values(appeal).expect("the appeal of the verdict must be on this site");
                let has_all_values = required_values.iter().all(|value| match value {
                    Value::ArticleCount => known.article_count().is_some(),
                    Value::Country => known.country().is_some(),
                    Value::DaysLeft => known.days_left().is_some_and(|days| days > 0),
                    Value::Currency | Value::Weekday | Value::Date => true,
                    Value::TickerTotal | Value::TickerGoal | Value::TickerLeft | Value::TickerPercent => {
                        false
                    }
                });
                assert!(has_all_values, "the copy shows although a value is missing: {required_values:?}");
            }
            Verdict::Silent { next_eligible_at_ms, .. } => {
                assert!(
                    next_eligible_at_ms.is_none_or(|at_ms| at_ms > now_ms),
                    "the next eligible time of a silent verdict is not in the future"
                );
            }
        }
    }
}

const SITES: &str = r#"
[sites.journal]
name = "The Journal"
origins = ["https://journal.example.org"]
currency = "EUR"
time_zone = "Europe/Dublin"
[sites.journal.rules]
country_groups = { baltics = ["EE", "LV", "LT"] }
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
month = [500]
default_interval = "month"
default_amount_minor = 500
"#;
