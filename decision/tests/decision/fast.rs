//! The fast parser reads questions (requests for a decision) as serde does.

use keepopen_decision::{Question, fast_question};
use proptest::prelude::*;

/// A question with every field, as Keepopen's script writes it.
pub const FULL_QUESTION: &str = r#"{"site":"journal","surfaces":["banner","inline","wall"],"page":{"url":"https://journal.example.org/é","section":"politics","tags":["budget","assembly"],"kind":"article","sensitive":false,"paid":true,"ordinal":3},"reader":{"country":"IE","region":"L","locale":"en-IE","device":"mobile","signed_in":false,"consent":"granted","bucket":417223},"history":{"views":[{"appeal":"summer","variant":"a","at":"2026-11-23T08:00:00.123Z"},{"appeal":"winter","at":"2026-11-23T08:00:00Z"}],"dismissals":[{"appeal":"summer","kind":"already_gave","at":"2026-11-20T08:00:00Z"}],"articles":[{"week":"2026-11-16","count":4,"tags":{"budget":2,"health & care":0}},{"week":"2026-11-09"}],"article_days":[{"day":"2026-11-22","count":2},{"day":"2026-11-23"}],"free_articles_used":0},"token":"a.b.c"}"#;

#[test]
fn questions_as_browsers_write_them_are_parsed() {
    let empty = r#"{"site":"","surfaces":[],"page":{},"reader":{},"history":{},"token":null}"#;
    let only_nulls = r#"{"site":"s","surfaces":null,"page":null,"reader":null,"history":null}"#;
    let lists = r#"{"site":"s","history":{"views":null,"dismissals":[],"articles":[{"week":"w","count":null,"tags":null},{"week":"w","tags":{}}]}}"#;
    let days = r#"{"site":"s","history":{"article_days":[{"day":"2024-02-29","count":null},{"count":2,"day":"2026-11-23"}]}}"#;
    let no_days = r#"{"site":"s","history":{"article_days":[]}}"#;
    let null_days = r#"{"site":"s","history":{"article_days":null}}"#;
    let reordered = r#"{"token":"t","history":{"articles":[],"views":[{"at":"2026-11-23T08:00:00Z","appeal":"a"}]},"site":"s"}"#;
    let largest = r#"{"site":"s","reader":{"bucket":4294967295}}"#;
    let spaced = FULL_QUESTION.replace(',', ", ").replace(r#"":"#, r#"": "#);
    for json in
        [FULL_QUESTION, empty, only_nulls, lists, days, no_days, null_days, reordered, largest, &spaced]
    {
        assert_eq!(fast_question(json), Some(serde_json::from_str(json).unwrap()), "{json}");
    }
}

#[test]
fn other_questions_are_left_to_serde() {
    for json in [
        "",
        "{}",
        "[]",
        "null",
        "{",
        r#"{"site"}"#,
        r#"{"site":}"#,
        r#"{"site":"s""#,
        r#"{"site":"s",}"#,
        r#"{,"site":"s"}"#,
        r#"{"site":"s"} "#,
        r#" {"site":"s"}"#,
        r#"{"site" :"s"}"#,
        r#"{"site":  "s"}"#,
        r#"{"site":"s"}{"#,
        r#"{"site":"s" "token":"t"}"#,
        r#"{"site":"s""token":"t"}"#,
        r#"{"site":"s","site":"s"}"#,
        r#"{"site":null}"#,
        r#"{"site":"a\u0062"}"#,
        r#"{"site":"a\"b"}"#,
        "{\"site\":\"a\tb\"}",
        "{\"site\":\"s\",\"token\":\"aaaaaaaa\nb\"}",
        r#"{"site":"s","more":1}"#,
        r#"{"site":"s","token":1}"#,
        r#"{"site":"s","surfaces":["roof"]}"#,
        r#"{"site":"s","surfaces":["banner",]}"#,
        r#"{"site":"s","surfaces":["banner" "wall"]}"#,
        r#"{"site":"s","surfaces":["banner"}"#,
        r#"{"site":"s","page":[]}"#,
        r#"{"site":"s","page":{"sensitive":0}}"#,
        r#"{"site":"s","page":{"ordinal":3.0}}"#,
        r#"{"site":"s","page":{"ordinal":-1}}"#,
        r#"{"site":"s","page":{"ordinal":01}}"#,
        r#"{"site":"s","page":{"ordinal":}}"#,
        r#"{"site":"s","page":{"ordinal":4294967296}}"#,
        r#"{"site":"s","page":{"ordinal":99999999999}}"#,
        r#"{"site":"s","page":{"ordinal":"1"}}"#,
        r#"{"site":"s","reader":{"signed_in":"true"}}"#,
        r#"{"site":"s","history":{"views":[{"appeal":"a"}]}}"#,
        r#"{"site":"s","history":{"views":[{"at":"2026-11-23T08:00:00Z"}]}}"#,
        r#"{"site":"s","history":{"views":[{"appeal":"a","at":"yesterday"}]}}"#,
        r#"{"site":"s","history":{"views":{}}}"#,
        r#"{"site":"s","history":{"dismissals":[{"appeal":"a","kind":"no","at":"2026-11-23T08:00:00Z"}]}}"#,
        r#"{"site":"s","history":{"dismissals":[{"kind":"close","at":"2026-11-23T08:00:00Z"}]}}"#,
        r#"{"site":"s","history":{"dismissals":[{"appeal":"a","at":"2026-11-23T08:00:00Z"}]}}"#,
        r#"{"site":"s","history":{"dismissals":[{"appeal":"a","kind":"close"}]}}"#,
        r#"{"site":"s","history":{"articles":[{"count":1}]}}"#,
        r#"{"site":"s","history":{"article_days":[{"count":1}]}}"#,
        r#"{"site":"s","history":{"article_days":[{"day":"2026-02-29","count":1}]}}"#,
        r#"{"site":"s","history":{"article_days":[{"day":"yesterday","count":1}]}}"#,
        r#"{"site":"s","history":{"article_days":[{"day":"2026-11-23","count":-1}]}}"#,
        r#"{"site":"s","history":{"article_days":[["2026-11-23",1]]}}"#,
        r#"{"site":"s","history":{"article_days":{}}}"#,
        r#"{"site":"s","history":{"articles":[{"week":"w","tags":{"a":null}}]}}"#,
        r#"{"site":"s","history":{"articles":[{"week":"w","tags":{"a"1}}]}}"#,
        r#"{"site":"s","history":{"articles":[{"week":"w","tags":{"a":1,}}]}}"#,
        r#"{"site":"s","history":{"articles":[{"week":"w","tags":{"a":1]}]}}"#,
        r#"{"site":"s","history":{"articles":[{"week":"w","tags":["a"]}]}}"#,
    ] {
        assert_eq!(fast_question(json), None, "{json}");
    }
}

proptest! {
    #[test]
    fn every_accepted_question_is_parsed_as_serde_parses_it(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0_usize..3, r#"[\x00-\x20"\\{}\[\],:0129.e-]|null|true|é|"site":|"at":|\PC"#), 1..4),
    ) {
        let mut json: Vec<String> = FULL_QUESTION.chars().map(String::from).collect();
        for (place, change, text) in changes {
            let place = place.index(json.len());
            match change {
                0 => json[place] = text,
                1 => json.insert(place, text),
                _ => json[place].clear(),
            }
        }
        let json = json.concat();
        if let Some(question) = fast_question(&json) {
            prop_assert_eq!(question, serde_json::from_str::<Question<'_>>(&json).unwrap(), "{}", json);
        }
    }

    #[test]
    fn the_end_of_a_text_is_found_at_any_length(text in "\\PC{0,40}", special_character in proptest::option::of(0_u8..=0x22)) {
        let special_character = special_character.map(char::from);
        let json = format!(r#"{{"site":"{text}{}x"}}"#, special_character.map(String::from).unwrap_or_default());
        let library = serde_json::from_str::<Question<'_>>(&json).ok();
        let is_plain = !text.contains(['"', '\\']) && special_character.is_none_or(|special_character| special_character >= ' ' && special_character != '"');
        prop_assert_eq!(fast_question(&json), library.filter(|_| is_plain), "{}", json);
    }
}

#[test]
fn tags_are_equal_if_both_parsers_found_the_same_tags_and_numbers() {
    let json = r#"{"week":"2026-11-16","tags":{"budget":2,"harbour":1}}"#;
    let question = format!(r#"{{"site":"s","history":{{"articles":[{json}]}}}}"#);
    let written = fast_question(&question).unwrap().history.unwrap().articles[0].tags.clone();
    let expected = [("budget".into(), 2), ("harbour".into(), 1)];
    assert_eq!(written, expected.iter().cloned().collect());
    assert_ne!(written, expected.into_iter().take(1).collect());
}
