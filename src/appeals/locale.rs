//! Checks the syntax of language tags, and finds the tag that fits a reader best.

use language_tags::LanguageTag;

/// Whether `text` is a language tag such as `en`, `pt-BR` or `zh-Hant-TW` (RFC 5646).
pub fn is_tag(text: &str) -> bool {
    LanguageTag::parse(text).is_ok()
}

/// Returns the index of the tag that best fits `wanted`, the reader's tag. If no tag equals `wanted`, parts are removed
/// from the end of `wanted` until a tag equals the rest (RFC 4647, section 3.4). For example, `de-AT` finds `de`.
/// `wanted` may contain `_` instead of `-`.
pub fn lookup<'a>(tags: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<usize> {
    let mut wanted = wanted;
    while !wanted.is_empty() {
        if let Some(index) = tags.clone().position(|tag| is_same(tag, wanted)) {
            return Some(index);
        }
        wanted = shorter(wanted);
    }
    None
}

/// Removes the last part of the tag. If a single letter precedes the last part, such as `u` in `en-u-ca`, the letter is
/// removed too, because it only introduces the last part. A single letter at the start of the tag stays.
fn shorter(tag: &str) -> &str {
    let last_separator = |tag: &str| tag.rfind(['-', '_']).unwrap_or(0);
    let mut end = last_separator(tag);
    let previous = last_separator(&tag[..end]);
    if previous > 0 && end - previous == 2 {
        end = previous;
    }
    &tag[..end]
}

/// Whether the tags are equal, ignoring case. `wanted` may contain `_` instead of `-`.
fn is_same(tag: &str, wanted: &str) -> bool {
    tag.len() == wanted.len()
        && tag
            .bytes()
            .zip(wanted.bytes())
            .all(|(one, other)| one.eq_ignore_ascii_case(&other) || (one == b'-' && other == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_nearest_available_language() {
        let tags = ["en", "de", "de-CH", "zh-Hant"];
        let found = |wanted: &str| lookup(tags.into_iter(), wanted).map(|index| tags[index]);
        for (wanted, tag) in [
            ("de", Some("de")),
            ("de-AT", Some("de")),
            ("DE-ch", Some("de-CH")),
            ("de_CH", Some("de-CH")),
            ("de-CH-1996", Some("de-CH")),
            ("zh-Hant-TW", Some("zh-Hant")),
            ("zh-Hans", None),
            ("en-GB-u-ca-gregory", Some("en")),
            ("eng", None),
            ("fr", None),
            ("", None),
            ("-", None),
            ("é-", None),
        ] {
            assert_eq!(found(wanted), tag, "{wanted}");
        }
    }

    #[test]
    fn a_single_letter_before_the_removed_part_is_removed_too() {
        assert_eq!(shorter("zh-Hant-CN-x-private1"), "zh-Hant-CN");
        assert_eq!(shorter("x-private"), "x");
        assert_eq!(shorter("en"), "");
    }

    #[test]
    fn a_tag_is_distinguished_from_other_texts() {
        assert!(["en", "pt-BR", "zh-Hant-TW", "de-CH-1996", "es-419"].into_iter().all(is_tag));
        assert!(
            ["", "e", "english!", "en_IE", "de-", "deutsch-und-englisch"]
                .into_iter()
                .all(|text| !is_tag(text))
        );
    }
}
