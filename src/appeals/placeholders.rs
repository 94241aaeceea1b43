//! Finds the values, such as `{country}`, that an appeal's texts use, and reports uses that can't work.

use std::collections::BTreeMap;

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules};
use keepopen_decision::Value;

use super::message::{self, Argument, Forms};
use super::ticker::{TICKER_VALUES, Ticker};
use super::{Copy, CopyText};
use crate::sites::SiteSettings;

/// The placeholder for the gift that the reader chose. It is only valid on the button (`cta`).
const GIFT: &str = "gift";

/// The values used in these texts, including those in the thank-you message. Each value is listed once.
pub fn placeholders_in(copy_text: &CopyText) -> Vec<Value> {
    let mut values = Vec::new();
    for value in texts(copy_text).into_iter().flat_map(|(_, text)| values_in(text)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Finds every text that has an error in a placeholder. For each such text, returns the path of its field within the
/// copy, and a message about its first error.
pub fn problems(copy: &Copy, ticker: Option<&Ticker>) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for (path, copy_text) in copy.languages() {
        for (field, text) in texts(copy_text) {
            let sentence = match message::arguments(text) {
                Ok(arguments) => {
                    let is_button = field.ends_with("cta");
                    arguments.iter().find_map(|argument| problem_with_use(argument, is_button, ticker))
                }
                Err(mistake) => Some(with_position(mistake.position, &mistake.sentence)),
            };
            problems.extend(sentence.map(|sentence| (format!("{path}.{field}"), sentence)));
        }
    }
    problems
}

/// Finds every text that has a plural form that does not exist in the text's language. Copy without a `locale` is
/// checked in the language of each site in `ids`. The result has the form of [`problems`].
pub fn problems_of_plural_forms(
    copy: &Copy,
    ids: &[String],
    sites: &BTreeMap<String, SiteSettings>,
) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let mut check = |path: String, copy_text: &CopyText, tags: &[&str]| {
        for (field, text) in texts(copy_text) {
            let arguments = message::arguments(text).unwrap_or_default();
            let forms: Vec<_> = arguments.into_iter().filter_map(|argument| argument.forms).collect();
            let sentence =
                tags.iter().find_map(|tag| forms.iter().find_map(|forms| nonexistent_form(forms, tag)));
            problems.extend(sentence.map(|sentence| (format!("{path}.{field}"), sentence)));
        }
    };
    let site_tags: Vec<&str> = ids.iter().filter_map(|id| Some(sites.get(id)?.locale.as_str())).collect();
    let own_tag = copy.locale.as_deref();
    check(String::new(), &copy.original, own_tag.as_ref().map_or(&site_tags, std::slice::from_ref));
    for (tag, copy_text) in &copy.translations {
        check(format!(".translations.{tag}"), copy_text, &[tag]);
    }
    problems
}

/// A message about the first of `forms` that does not exist in the language `tag`. `None` if all of them exist.
fn nonexistent_form(forms: &Forms, tag: &str) -> Option<String> {
    let rule_type = if forms.is_ordinal { PluralRuleType::Ordinal } else { PluralRuleType::Cardinal };
    // `wordings::problems` reports an invalid tag, so this function returns `None` for it.
    let rules = PluralRules::try_new(Locale::try_from_str(tag).ok()?.into(), rule_type.into()).ok()?;
    let available: Vec<PluralCategory> = rules.categories().collect();
    let (position, category) = forms.categories.iter().find(|(_, category)| !available.contains(category))?;
    let names = available.iter().map(|it| format!("\"{}\"", label(*it))).collect::<Vec<_>>().join(", ");
    let kind = if forms.is_ordinal { "ordinal" } else { "plural" };
    let sentence = format!(
        "the language {tag:?} has no {kind} form \"{}\"; it has {names}. Remove the form, or write an exact number such as =2.",
        label(*category)
    );
    Some(with_position(*position, &sentence))
}

/// The name by which a text refers to the category.
const fn label(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

/// The path within the copy of the first text that uses `value`.
pub fn first_use_of(copy: &Copy, value: Value) -> Option<String> {
    copy.languages().find_map(|(path, copy_text)| {
        let mut texts = texts(copy_text).into_iter();
        let (field, _) = texts.find(|(_, text)| values_in(text).contains(&value))?;
        Some(format!("{path}.{field}"))
    })
}

fn with_position(position: usize, sentence: &str) -> String {
    format!("at character {position}: {sentence}")
}

/// The problem with this use of a value, if there is one.
fn problem_with_use(argument: &Argument<'_>, is_button: bool, ticker: Option<&Ticker>) -> Option<String> {
    let Argument { name, position, forms } = argument;
    let value = value_named(name);
    if forms.is_none() {
        let is_invalid = value.is_none() && !(is_button && *name == GIFT);
        return is_invalid.then(|| unknown_placeholder(name));
    }
    let counts_money = || ticker.is_some_and(Ticker::counts_money);
    let sentence = match value {
        Some(Value::ArticleCount | Value::DaysLeft | Value::TickerPercent) => return None,
        Some(Value::TickerTotal | Value::TickerGoal | Value::TickerLeft) if !counts_money() => return None,
        Some(value) if TICKER_VALUES.contains(&value) => {
            format!(
                "this ticker counts money, and an amount has no plural forms. Write {{{name}}} without plural forms."
            )
        }
        Some(_) => {
            format!(
                "{{{name}}} is not a number and has no plural forms. Write {{{name}}} without plural forms."
            )
        }
        None if *name == GIFT => "{gift} is not a number and has no plural forms.".to_owned(),
        None => unknown_placeholder(name),
    };
    Some(with_position(*position, &sentence))
}

/// The message about a name that is not a placeholder, or about `{gift}` outside the button.
fn unknown_placeholder(name: &str) -> String {
    if name == GIFT {
        return "{gift} is the gift that the reader chose. It can only be used on the button (cta)."
            .to_owned();
    }
    let known: Vec<String> = Value::ALL.into_iter().map(|value| format!("{{{}}}", value.as_str())).collect();
    format!(
        "{{{name}}} is not a placeholder. The placeholders are {}, and on the button {{gift}}.",
        known.join(", ")
    )
}

fn value_named(name: &str) -> Option<Value> {
    Value::ALL.into_iter().find(|value| value.as_str() == name)
}

/// The values that a text uses. Empty if the text has a syntax error, which [`problems`] reports.
fn values_in(text: &str) -> Vec<Value> {
    let arguments = message::arguments(text).unwrap_or_default();
    arguments.iter().filter_map(|argument| value_named(argument.name)).collect()
}

/// Every text in `copy_text`, with the path of its field.
fn texts(copy_text: &CopyText) -> Vec<(String, &str)> {
    let (thanks, mobile) = (copy_text.thanks.as_ref(), copy_text.mobile.as_ref());
    let lines = [
        ("heading", Some(&copy_text.heading)),
        ("cta", copy_text.cta.as_ref()),
        ("dismiss", copy_text.dismiss.as_ref()),
        ("thanks.heading", thanks.map(|thanks| &thanks.heading)),
        ("mobile.heading", mobile.and_then(|mobile| mobile.heading.as_ref())),
        ("mobile.cta", mobile.and_then(|mobile| mobile.cta.as_ref())),
        ("mobile.dismiss", mobile.and_then(|mobile| mobile.dismiss.as_ref())),
    ];
    let bodies = [
        ("body", Some(&copy_text.body)),
        ("thanks.body", thanks.map(|thanks| &thanks.body)),
        ("mobile.body", mobile.and_then(|mobile| mobile.body.as_ref())),
    ];
    let lines = lines.into_iter().filter_map(|(path, text)| Some((path.to_owned(), text?.as_str())));
    let bodies = bodies.into_iter().filter_map(|(path, body)| Some((path, body?)));
    let blocks = bodies.flat_map(|(path, body)| {
        body.iter().enumerate().flat_map(move |(index, block)| {
            block.texts().into_iter().map(move |(field, text)| (format!("{path}[{index}]{field}"), text))
        })
    });
    lines.chain(blocks).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn copy() -> Copy {
        serde_json::from_value(json!({
            "heading": "{weekday} {gift}",
            "body": ["{article_count} {article_count}", {"list": ["a", "{Tag} {} { date } {date"]}],
            "cta": "Give {gift} in {currency}",
            "thanks": {"heading": "Thanks", "body": [{"quote": "{country}", "by": "{nme}"}]},
            "mobile": {"body": [{"image": "https://images.example.org/a.png", "alt": "{days_left}"}], "cta": "{gift}"},
            "translations": {"de": {"heading": "Hilfe", "dismiss": "{gift}", "thanks": {"heading": "{ticker_left}"}}},
        }))
        .unwrap()
    }

    #[test]
    fn each_value_that_the_copy_uses_is_listed_once() {
        let values = [Value::Weekday, Value::Currency, Value::ArticleCount, Value::Country, Value::DaysLeft];
        assert_eq!(placeholders_in(&copy().original), values);
        assert_eq!(placeholders_in(&copy().translations["de"]), [Value::TickerLeft]);
        assert_eq!(first_use_of(&copy(), Value::TickerLeft).unwrap(), ".translations.de.thanks.heading");
        assert_eq!(first_use_of(&copy(), Value::TickerGoal), None);
    }

    #[test]
    fn an_unknown_placeholder_is_reported_with_its_field() {
        let paths: Vec<_> = problems(&copy(), None).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [".heading", ".thanks.body[0].by", ".translations.de.dismiss"]);
        assert!(problems(&copy(), None)[0].1.contains("(cta)"));
        assert!(
            problems(&copy(), None)[1]
                .1
                .starts_with("{nme} is not a placeholder. The placeholders are {article_count}, ")
        );
    }

    fn copy_with_heading(text: &str) -> Copy {
        serde_json::from_value(json!({"heading": text})).unwrap()
    }

    #[test]
    fn only_numbers_have_plural_forms() {
        let ticker = |fields: serde_json::Value| {
            let written: super::super::WrittenTicker = serde_json::from_value(fields).unwrap();
            Ticker::try_from(written).unwrap()
        };
        let money = ticker(json!({"counts": "money", "currency": "EUR", "goal_minor": 100}));
        let people = ticker(json!({"counts": "supporters", "goal_supporters": 100}));
        let sentence = |name: &str, ticker: &Ticker| {
            let copy = copy_with_heading(&format!("Hi {{{name}, plural, one {{#}} other {{#}}}}"));
            problems(&copy, Some(ticker)).into_iter().next().map(|(_, sentence)| sentence)
        };
        for name in ["article_count", "days_left", "ticker_percent"] {
            assert_eq!(sentence(name, &money), None, "{name}");
        }
        for name in ["ticker_total", "ticker_goal", "ticker_left"] {
            assert_eq!(sentence(name, &people), None, "{name}");
            assert!(sentence(name, &money).unwrap().starts_with("at character 4: this ticker counts money"));
        }
        for name in ["country", "currency", "weekday", "date", "gift"] {
            assert!(sentence(name, &people).unwrap().contains("is not a number"), "{name}");
        }
        assert!(sentence("articles", &people).unwrap().contains("{articles} is not a placeholder"));
    }

    #[test]
    fn a_plural_uses_its_own_value_and_the_values_within_its_forms() {
        let copy = copy_with_heading("{days_left, plural, one {a day, in {country}} other {# days}}");
        assert_eq!(placeholders_in(&copy.original), [Value::DaysLeft, Value::Country]);
        assert_eq!(first_use_of(&copy, Value::Country).unwrap(), ".heading");
    }

    #[test]
    fn a_plural_form_that_the_language_does_not_have_is_rejected() {
        let sites: BTreeMap<String, SiteSettings> =
            [("dublin", "en-IE"), ("gaillimh", "ga"), ("tokyo", "ja")]
                .map(|(id, tag)| {
                    let site =
                        json!({"name": "J", "origins": [], "currency": "EUR", "locale": tag, "giving": {}});
                    (id.to_owned(), serde_json::from_value(site).unwrap())
                })
                .into();
        let problem = |tag: Option<&str>, kind: &str, forms: &str, ids: &[&str]| {
            let forms = forms.split(' ').map(|form| format!(" {form} {{#}}")).collect::<String>();
            let text = format!("{{article_count, {kind},{forms}}}");
            let copy = serde_json::from_value(json!({"heading": text, "locale": tag})).unwrap();
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            problems_of_plural_forms(&copy, &ids, &sites).into_iter().next().map(|(_, sentence)| sentence)
        };
        for (tag, kind, forms) in [
            ("ga", "plural", "one two few many other"),
            ("ar-EG", "plural", "zero one two few many other"),
            ("en", "plural", "=0 =7 one other"),
            ("en", "selectordinal", "one two few other"),
            ("ja", "plural", "=1 other"),
            ("pt-BR", "plural", "one many other"),
            ("no such tag!", "plural", "two other"),
        ] {
            assert_eq!(problem(Some(tag), kind, forms, &["dublin"]), None, "{tag} {kind}");
        }
        let sentence = problem(Some("en"), "plural", "one few other", &["gaillimh"]).unwrap();
        assert_eq!(
            sentence,
            "at character 33: the language \"en\" has no plural form \"few\"; it has \"one\", \"other\". Remove the form, or write an exact number such as =2."
        );
        assert!(problem(Some("ga"), "selectordinal", "two other", &[]).unwrap().contains("ordinal form"));
        // Each site treats copy without a `locale` as a text in its own language.
        assert_eq!(problem(None, "plural", "one two other", &["gaillimh"]), None);
        assert!(problem(None, "plural", "one two other", &["gaillimh", "dublin"]).unwrap().contains("en-IE"));
        assert!(problem(None, "plural", "one other", &["tokyo"]).is_some());
        let german = json!({"heading": "H", "translations": {"de": {"heading": "H", "body": ["{days_left, plural, two {#} other {#}}"]}}});
        let german: Copy = serde_json::from_value(german).unwrap();
        let path = problems_of_plural_forms(&german, &[], &sites).remove(0).0;
        assert_eq!(path, ".translations.de.body[0]");
    }
}
