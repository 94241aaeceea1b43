//! Language tags: checks their syntax, and finds the one among several that fits a reader best.

use language_tags::LanguageTag;

/// Whether `text` is a language tag such as `en`, `pt-BR` or `zh-Hant-TW` (RFC 5646).
pub fn is_tag(text: &str) -> bool {
    LanguageTag::parse(text).is_ok()
}

/// Returns the index of the tag that fits `wanted`, the reader's tag, best. If no tag equals `wanted`, parts are
/// removed from the end of `wanted` until one does (RFC 4647, section 3.4): `de-AT` finds `de`. `wanted` may use `_`
/// for `-`.
pub fn lookup<'a>(tags: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<usize> {
    let mut wanted = wanted;
    while !wanted.is_empty() {
        if let Some(place) = tags.clone().position(|tag| is_same(tag, wanted)) {
            return Some(place);
        }
        wanted = shorter(wanted);
    }
    None
}

/// Removes the tag's last part. If the part before it is a single letter, as `u` in `en-u-ca`, removes that letter too,
/// because it only introduces the last part.
fn shorter(tag: &str) -> &str {
    let before = |tag: &str| tag.rfind(['-', '_']).unwrap_or(0);
    let mut end = before(tag);
    let last = before(&tag[..end]);
    if last > 0 && end - last == 2 {
        end = last;
    }
    &tag[..end]
}

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
        let found = |wanted: &str| lookup(tags.into_iter(), wanted).map(|place| tags[place]);
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
