//! Words in braces: what values a text speaks of, and which words in braces mean nothing.

use keepopen_decision::Value;

use super::{Copy, Words};

/// Stands for the gift that the reader has chosen, on the button alone.
const GIFT: &str = "gift";

/// The values that these words speak of, thanks too, each once.
pub fn spoken_of(words: &Words) -> Vec<Value> {
    let mut values = Vec::new();
    for value in texts(words).into_iter().flat_map(|(_, text)| names(text).filter_map(value)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Every word in braces that nothing would be put in place of: the path of its text within the copy, and a sentence.
pub fn problems(copy: &Copy) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for (path, words) in copy.languages() {
        for (field, text) in texts(words) {
            let is_wrong = |name: &&str| value(name).is_none() && !(field.ends_with("cta") && *name == GIFT);
            if let Some(name) = names(text).find(is_wrong) {
                problems.push((format!("{path}.{field}"), sentence(name)));
            }
        }
    }
    problems
}

/// The path of the first text within the copy that speaks of `value`.
pub fn first_to_speak_of(copy: &Copy, value: Value) -> Option<String> {
    copy.languages().find_map(|(path, words)| {
        let mut texts = texts(words).into_iter();
        let (field, _) = texts.find(|(_, text)| names(text).any(|name| name == value.as_str()))?;
        Some(format!("{path}.{field}"))
    })
}

fn sentence(name: &str) -> String {
    if name == GIFT {
        return "{gift} is the gift that the reader has chosen: it stands on the button (cta) alone."
            .to_owned();
    }
    let known: Vec<String> = Value::ALL.into_iter().map(|value| format!("{{{}}}", value.as_str())).collect();
    format!("{{{name}}} is no placeholder; there is {}, and on the button {{gift}}.", known.join(", "))
}

fn value(name: &str) -> Option<Value> {
    Value::ALL.into_iter().find(|value| value.as_str() == name)
}

/// The words in braces: small letters and underscores, so that braces may be used for other things.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(move |name| is_name(name))
}

/// Every text that these words show anywhere, with the path of its field.
fn texts(words: &Words) -> Vec<(String, &str)> {
    let (thanks, mobile) = (words.thanks.as_ref(), words.mobile.as_ref());
    let lines = [
        ("heading", Some(&words.heading)),
        ("cta", words.cta.as_ref()),
        ("dismiss", words.dismiss.as_ref()),
        ("thanks.heading", thanks.map(|thanks| &thanks.heading)),
        ("mobile.heading", mobile.and_then(|mobile| mobile.heading.as_ref())),
        ("mobile.cta", mobile.and_then(|mobile| mobile.cta.as_ref())),
        ("mobile.dismiss", mobile.and_then(|mobile| mobile.dismiss.as_ref())),
    ];
    let bodies = [
        ("body", Some(&words.body)),
        ("thanks.body", thanks.map(|thanks| &thanks.body)),
        ("mobile.body", mobile.and_then(|mobile| mobile.body.as_ref())),
    ];
    let lines = lines.into_iter().filter_map(|(path, text)| Some((path.to_owned(), text?.as_str())));
    let bodies = bodies.into_iter().filter_map(|(path, body)| Some((path, body?)));
    let blocks = bodies.flat_map(|(path, body)| {
        body.iter().enumerate().flat_map(move |(place, block)| {
            block.texts().into_iter().map(move |(field, text)| (format!("{path}[{place}]{field}"), text))
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
    fn words_speak_of_each_value_once_wherever_it_stands() {
        let values = [Value::Weekday, Value::Currency, Value::ArticleCount, Value::Country, Value::DaysLeft];
        assert_eq!(spoken_of(&copy().words), values);
        assert_eq!(spoken_of(&copy().translations["de"]), [Value::TickerLeft]);
        assert_eq!(first_to_speak_of(&copy(), Value::TickerLeft).unwrap(), ".translations.de.thanks.heading");
        assert_eq!(first_to_speak_of(&copy(), Value::TickerGoal), None);
    }

    #[test]
    fn what_nothing_stands_in_place_of_is_named_with_its_field() {
        let paths: Vec<_> = problems(&copy()).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [".heading", ".thanks.body[0].by", ".translations.de.dismiss"]);
        assert!(problems(&copy())[0].1.contains("(cta)"));
        assert!(problems(&copy())[1].1.starts_with("{nme} is no placeholder; there is {article_count}, "));
    }
}
