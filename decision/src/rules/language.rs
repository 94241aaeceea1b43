//! Requires or excludes languages of the reader. `en` also matches `en-IE` (basic filtering, RFC 4647, section 3.3.1).

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::context::ReaderContext;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Language {
    include: Box<[Box<str>]>,
    exclude: Box<[Box<str>]>,
}

/// Whether the language equals the range or is more specific than the range.
fn matches_range(range: &str, language: &str) -> bool {
    let (range, language) = (range.as_bytes(), language.as_bytes());
    language.len() >= range.len()
        && language
            .iter()
            .zip(range)
            .all(|(one, other)| one.eq_ignore_ascii_case(other) || (*one == b'_' && *other == b'-'))
        && language.get(range.len()).is_none_or(|next| matches!(next, b'-' | b'_'))
}

impl Check for Language {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let languages = &spec.rules.audience.languages;
        for (name, ranges) in [("include", &languages.include), ("exclude", &languages.exclude)] {
            for (place, range) in ranges.iter().enumerate() {
                let is_tag = range.split('-').all(|part| {
                    (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
                });
                if !is_tag {
                    spec.problem(
                        format!("audience.languages.{name}[{place}]"),
                        format!("{range:?} is not a language tag such as \"en\" or \"pt-BR\"."),
                    );
                }
            }
        }
        spec.report_all_excluded("audience.languages", &languages.include, &languages.exclude);
        let to_boxed = |ranges: &[String]| ranges.iter().map(|range| range.as_str().into()).collect();
        Self { include: to_boxed(&languages.include), exclude: to_boxed(&languages.exclude) }
    }

    fn is_noop(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let passes = match context.question.reader.locale.as_deref() {
            None => self.is_noop(),
            Some(language) => {
                let matches_any =
                    |ranges: &[Box<str>]| ranges.iter().any(|range| matches_range(range, language));
                !matches_any(&self.exclude) && (self.include.is_empty() || matches_any(&self.include))
            }
        };
        Outcome::pass_if(passes, Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted = match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {}", list(&self.include, "none")),
            (true, false) => format!("none of: {}", list(&self.exclude, "none")),
            (false, false) => {
                format!("one of: {}; none of: {}", list(&self.include, "none"), list(&self.exclude, "none"))
            }
        };
        Evidence::new(context.question.reader.locale.as_deref().unwrap_or("unknown"), wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::matches_range;

    #[test]
    fn a_range_matches_only_whole_subtags_in_any_case() {
        assert!(
            matches_range("en", "en")
                && matches_range("en", "EN-ie")
                && matches_range("pt-BR", "pt_br")
                && matches_range("zh-Hant", "zh-hant-TW")
        );
        assert!(!matches_range("en", "eng") && !matches_range("en-IE", "en"));
        assert!(!matches_range("e", "en") && !matches_range("en", ""));
        assert!(!matches_range("en-IE", "enxIE") && !matches_range("enx", "en_"));
    }
}
