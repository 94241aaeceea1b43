//! Describes one page view: the reader, the page, the time, and what the reader does if an appeal shows.

use jiff::Timestamp;
use keepopen_decision::{DismissalKind, Question, Standing, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::sites::Interval;

/// One page view.
#[derive(Clone, Debug)]
pub struct PageView<'a> {
    /// The time of the page view, in milliseconds since 1970.
    pub at_ms: i64,
    /// What the page sends to the service: the content of a banner request, without history and token.
    pub question: Question<'a>,
    /// What the reader does if an appeal shows.
    pub reaction: Reaction,
    /// What the reader's token says from this page view on. `None` if it did not change.
    pub support: Option<Support>,
}

/// What a reader does when an appeal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reaction {
    /// Continues reading.
    #[default]
    Nothing,
    /// Dismisses the appeal.
    Dismiss(DismissalKind),
    /// Gives, at this interval.
    Give(Interval),
}

/// What a supporter token says about a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    /// The reader's standing: whether and how the reader supports the site.
    pub standing: Standing,
    /// The time from which the reader can be asked again, in milliseconds since 1970.
    pub quiet_until_ms: Option<i64>,
    /// The names of the reader's entitlements. (An entitlement is a right, such as reading the archive.)
    pub entitlements: Vec<String>,
}

/// One line of a file of page views.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The reader's name in the file.
    pub reader: Text<'a>,
    /// The page view.
    pub view: PageView<'a>,
}

/// A line as it is written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineJson<'a> {
    #[serde(borrow)]
    reader: Text<'a>,
    #[serde(borrow)]
    at: Text<'a>,
    #[serde(default, borrow)]
    question: Option<&'a RawValue>,
    #[serde(default)]
    then: ReactionLabel,
    #[serde(default)]
    interval: Option<Interval>,
    #[serde(default)]
    standing: Option<Standing>,
    #[serde(default, borrow)]
    quiet_until: Option<Text<'a>>,
    #[serde(default)]
    entitlements: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReactionLabel {
    #[default]
    Nothing,
    Close,
    Later,
    AlreadyGave,
    Never,
    Give,
}

impl<'a> Line<'a> {
    /// Parses one line. `only_site` is used as the site if the line names none.
    ///
    /// # Errors
    /// Returns the problem, as a sentence.
    pub fn read(line: &'a [u8], only_site: Option<&'a str>) -> Result<Self, String> {
        if line.trim_ascii().is_empty() {
            return Err("it is empty; write one page view on each line.".to_owned());
        }
        if is_list(line) {
            return Err("it is a list; write an object such as {\"reader\": \"r1\", \"at\": \"2026-06-15T12:00:00Z\"}.".to_owned());
        }
        let written: LineJson<'_> = serde_json::from_slice(line).map_err(|error| describe(&error))?;
        if written.reader.is_empty() {
            return Err("reader: it is empty; write any text that identifies the reader.".to_owned());
        }
        let view = PageView {
            at_ms: parse_time("at", &written.at)?,
            question: parse_question(written.question, only_site)?,
            reaction: parse_reaction(written.then, written.interval)?,
            support: parse_support(written.standing, written.quiet_until.as_ref(), written.entitlements)?,
        };
        Ok(Self { reader: written.reader, view })
    }
}

fn parse_question<'a>(
    written: Option<&'a RawValue>,
    only_site: Option<&'a str>,
) -> Result<Question<'a>, String> {
    const NO_SITE: &str = "question.site: it is missing; name a site of the settings.";
    let Some(written) = written else {
        return only_site.map(Question::from_site).ok_or_else(|| NO_SITE.to_owned());
    };
    if is_list(written.get().as_bytes()) {
        return Err("question: it is a list; write an object such as {\"site\": \"journal\"}.".to_owned());
    }
    let question: Question<'_> = serde_json::from_str(written.get()).map_err(|_| {
        // The path of the field is looked up only after an error, because the look-up takes longer than parsing.
        let reader = &mut serde_json::Deserializer::from_str(written.get());
        match serde_path_to_error::deserialize::<_, Question<'_>>(reader) {
            Ok(_) => "question: it can't be parsed.".to_owned(),
            Err(error) if error.path().to_string() == "." => {
                format!("question: {}.", describe(error.inner()))
            }
            Err(error) => format!("question.{}: {}.", error.path(), describe(error.inner())),
        }
    })?;
    if question.history.is_some() || question.token.is_some() {
        return Err("question: remove `history` and `token`. The simulation keeps the history itself. In place of a token, write `standing` next to `question`.".to_owned());
    }
    Ok(question)
}

/// Whether the JSON is a list. serde would also accept a list that contains the fields in their order.
fn is_list(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'[')
}

fn parse_reaction(label: ReactionLabel, interval: Option<Interval>) -> Result<Reaction, String> {
    if interval.is_some() && label != ReactionLabel::Give {
        return Err("interval: it is the interval of a gift, so it needs \"then\":\"give\".".to_owned());
    }
    Ok(match label {
        ReactionLabel::Nothing => Reaction::Nothing,
        ReactionLabel::Close => Reaction::Dismiss(DismissalKind::Close),
        ReactionLabel::Later => Reaction::Dismiss(DismissalKind::Later),
        ReactionLabel::AlreadyGave => Reaction::Dismiss(DismissalKind::AlreadyGave),
        ReactionLabel::Never => Reaction::Dismiss(DismissalKind::Never),
        ReactionLabel::Give => Reaction::Give(interval.unwrap_or(Interval::Once)),
    })
}

fn parse_support(
    standing: Option<Standing>,
    quiet_until: Option<&Text<'_>>,
    entitlements: Vec<String>,
) -> Result<Option<Support>, String> {
    match (standing, quiet_until) {
        (None, None) if entitlements.is_empty() => Ok(None),
        (None, None) => Err("entitlements: add `standing` to the line.".to_owned()),
        (None, Some(_)) => Err("quiet_until: add `standing` to the line.".to_owned()),
        (Some(standing), quiet_until) => {
            let quiet_until_ms = quiet_until.map(|text| parse_time("quiet_until", text)).transpose()?;
            Ok(Some(Support { standing, quiet_until_ms, entitlements }))
        }
    }
}

fn parse_time(field: &str, text: &str) -> Result<i64, String> {
    text.parse::<Timestamp>()
        .map(Timestamp::as_millisecond)
        .map_err(|_| format!("{field}: {text:?} is not an RFC 3339 time such as 2026-06-15T12:00:00Z."))
}

/// Describes a parse error. Names only the column, because the text is a single line.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let Some(problem) = message.strip_suffix(&position) else { return message };
    let kind = if error.is_data() { "" } else { "this is not valid JSON: " };
    format!("{kind}{problem} (column {})", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Line<'_>, String> {
        Line::read(line.as_bytes(), Some("journal"))
    }

    #[test]
    fn a_line_needs_only_a_reader_and_a_time() {
        let line = read(r#"{"reader":"r1","at":"2026-11-01T08:30:00+01:00"}"#).unwrap();
        assert_eq!((&*line.reader, line.view.at_ms), ("r1", 1_793_518_200_000));
        assert_eq!(
            (&*line.view.question.site, line.view.reaction, line.view.support),
            ("journal", Reaction::Nothing, None)
        );
    }

    #[test]
    fn a_line_describes_the_page_and_the_readers_reaction() {
        let line = read(
            r#"{"reader":"r1","at":"2026-11-01T08:30:00Z","then":"give","interval":"month","standing":"lapsed",
                "entitlements":["archive"],"quiet_until":"2026-12-01T00:00:00Z","question":{"site":"other","page":{"section":"politics"}}}"#,
        )
        .unwrap();
        assert_eq!(&*line.view.question.site, "other");
        assert_eq!(line.view.question.page.section.as_deref(), Some("politics"));
        assert_eq!(line.view.reaction, Reaction::Give(Interval::Month));
        let quiet_until_ms = Some(1_796_083_200_000);
        assert_eq!(
            line.view.support,
            Some(Support {
                standing: Standing::Lapsed,
                quiet_until_ms,
                entitlements: vec!["archive".to_owned()]
            })
        );
    }

    #[test]
    fn problems_of_a_line_are_reported_with_their_positions() {
        for (line, sentence) in [
            ("", "it is empty"),
            ("{", "this is not valid JSON: EOF while parsing an object (column 1)"),
            (r#"{"reader":"","at":"2026-11-01T08:30:00Z"}"#, "reader: it is empty"),
            (r#"{"reader":"a","at":"yesterday"}"#, "at: \"yesterday\" is not an RFC 3339 time"),
            (r#"{"reader":"a"}"#, "missing field `at`"),
            (r#"["a","2026-11-01T08:30:00Z"]"#, "it is a list; write an object"),
            (
                r#"{"reader":"a","at":"2026-11-01T08:30:00Z","question":["journal"]}"#,
                "question: it is a list",
            ),
            (r#"{"reader":"a","at":"2026-11-01T08:30:00Z","page":{}}"#, "unknown field `page`"),
            (r#"{"reader":"a","at":"2026-11-01T08:30:00Z","then":"buy"}"#, "unknown variant `buy`"),
            (r#"{"reader":"a","at":"2026-11-01T08:30:00Z","interval":"month"}"#, "interval: "),
            (
                r#"{"reader":"a","at":"2026-11-01T08:30:00Z","quiet_until":"2026-11-01T08:30:00Z"}"#,
                "quiet_until: ",
            ),
            (
                r#"{"reader":"a","at":"2026-11-01T08:30:00Z","question":{"site":"journal","page":{"tags":3}}}"#,
                "question.page.tags: invalid type: integer `3`",
            ),
            (r#"{"reader":"a","at":"2026-11-01T08:30:00Z","question":{}}"#, "question: missing field `site`"),
            (
                r#"{"reader":"a","at":"2026-11-01T08:30:00Z","question":{"site":"journal","history":{}}}"#,
                "question: remove `history` and `token`",
            ),
        ] {
            let problem = read(line).unwrap_err();
            assert!(problem.starts_with(sentence), "{line}: {problem}");
        }
        let without_site = br#"{"reader":"a","at":"2026-11-01T08:30:00Z"}"#;
        assert!(Line::read(without_site, None).unwrap_err().starts_with("question.site: it is missing"));
    }
}
