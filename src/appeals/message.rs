//! The syntax of a text: placeholders such as `{country}`, and ICU plural forms such as
//! `{article_count, plural, one {# article} other {# articles}}`. The server checks the syntax and finds the values
//! that a text needs. The browser chooses a plural form and fills in the values (`web/embed/src/values.ts`).

use icu_plurals::PluralCategory;

/// The maximum depth of plural forms within plural forms.
const MAX_DEPTH: usize = 3;

/// One use of a value in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Argument<'a> {
    /// The name in the braces. It may be unknown.
    pub name: &'a str,
    /// The number of the character at which the argument begins, counted from 1.
    pub position: usize,
    /// The plural forms. `None` for a plain placeholder.
    pub forms: Option<Forms>,
}

/// The plural forms of one argument.
#[derive(Debug, PartialEq, Eq)]
pub struct Forms {
    /// Whether the forms are for ordinal numbers (1st, 2nd).
    pub is_ordinal: bool,
    /// For each form, the number of the character at which it begins, and its CLDR category. Exact forms such as `=0`
    /// are not included, because they are valid in every language.
    pub categories: Vec<(usize, PluralCategory)>,
}

/// A syntax error in a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The number of the character at which the error begins, counted from 1.
    pub position: usize,
    /// What is wrong, and what to write.
    pub sentence: String,
}

/// Finds every argument of `text`, including those within plural forms. A brace is plain text unless a name and `}`, or
/// a name and a comma, follow it.
///
/// # Errors
/// Returns the first syntax error within a plural form.
pub fn arguments(text: &str) -> Result<Vec<Argument<'_>>, Mistake> {
    let mut parser = Parser { text, at: 0, found: Vec::new(), has_quotes: false };
    while let Some(brace) = parser.rest().find('{') {
        parser.at += brace;
        if !parser.read_argument(0)? {
            parser.at += 1;
        }
    }
    Ok(parser.found)
}

struct Parser<'a> {
    text: &'a str,
    /// The current position in bytes. It is always at the start of a character.
    at: usize,
    found: Vec<Argument<'a>>,
    /// Whether a plural form contains quoted text. The message about a missing form then mentions apostrophes, because
    /// one that was meant as plain text may have caused the error.
    has_quotes: bool,
}

impl<'a> Parser<'a> {
    /// Reads the argument whose brace is at the current position. If the brace does not begin an argument, reads
    /// nothing and returns false.
    fn read_argument(&mut self, depth: usize) -> Result<bool, Mistake> {
        let brace = self.at;
        self.at += 1;
        let has_space = self.skip_space();
        let name = self.take(|c| c.is_ascii_lowercase() || c == '_');
        if !name.is_empty() && !has_space && self.eat('}') {
            self.found.push(Argument { name, position: self.position(brace), forms: None });
            return Ok(true);
        }
        self.skip_space();
        if name.is_empty() || !self.eat(',') {
            self.at = brace;
            return Ok(false);
        }
        self.read_plural(brace, name, depth)?;
        Ok(true)
    }

    /// Reads the rest of a plural argument: what follows `{name,`, up to the closing brace.
    fn read_plural(&mut self, brace: usize, name: &'a str, depth: usize) -> Result<(), Mistake> {
        if depth == MAX_DEPTH {
            let sentence = format!(
                "plural forms are nested more than {MAX_DEPTH} deep here. Write them one after the other."
            );
            return Err(self.mistake(brace, sentence));
        }
        self.skip_space();
        let at = self.at;
        let is_ordinal = match self.take(char::is_alphanumeric) {
            "plural" => false,
            "selectordinal" => true,
            _ => {
                let sentence =
                    format!("after \"{{{name},\" only a plural can follow. Write {}.", sample(name));
                return Err(self.mistake(at, sentence));
            }
        };
        self.skip_space();
        if !self.eat(',') {
            return Err(self.mistake(self.at, format!("a comma is missing here. Write {}.", sample(name))));
        }
        // The argument is added before its forms are read, so that it precedes the arguments within its forms.
        let index = self.found.len();
        self.found.push(Argument { name, position: self.position(brace), forms: None });
        let categories = self.read_forms(brace, name, depth)?;
        if !categories.iter().any(|(_, category)| *category == PluralCategory::Other) {
            let mut sentence = "the form \"other\" is missing. Add other {…}: it is used for every number that no other form fits.".to_owned();
            if self.has_quotes {
                sentence.push_str(" An apostrophe before a brace or # starts quoted text; write ’ instead, or '' for a plain apostrophe.");
            }
            return Err(self.mistake(brace, sentence));
        }
        self.found[index].forms = Some(Forms { is_ordinal, categories });
        Ok(())
    }

    /// Reads each form of a plural argument, up to the argument's closing brace.
    fn read_forms(
        &mut self,
        brace: usize,
        name: &str,
        depth: usize,
    ) -> Result<Vec<(usize, PluralCategory)>, Mistake> {
        let (mut categories, mut seen) = (Vec::new(), Vec::new());
        loop {
            self.skip_space();
            if self.eat('}') {
                return Ok(categories);
            }
            let at = self.at;
            let Some(next_char) = self.rest().chars().next() else {
                let sentence = "the plural that begins here is not closed. Write one more } at its end.";
                return Err(self.mistake(brace, sentence.to_owned()));
            };
            let selector = self.take(|c| c == '=' || c.is_alphanumeric());
            if let Some(number) = selector.strip_prefix('=') {
                // The number must be in canonical form and below 2^53, so that a browser can represent it exactly.
                let is_number =
                    number.parse::<u64>().is_ok_and(|it| it.to_string() == number && it < 1 << 53);
                if !is_number {
                    let sentence = "write a whole number after =, as in =1 {…}.".to_owned();
                    return Err(self.mistake(at, sentence));
                }
            } else if let Some(category) = PluralCategory::get_for_cldr_string(selector) {
                categories.push((self.position(at), category));
            } else {
                let found = if selector.is_empty() { next_char.to_string() } else { selector.to_owned() };
                let sentence = match selector {
                    "offset" => "\"offset\" is not supported. Remove it.".to_owned(),
                    _ => format!(
                        "\"{found}\" is not a plural form. The forms are zero, one, two, few, many and other, and =0, =1 and so on for exact numbers. Write {}.",
                        sample(name)
                    ),
                };
                return Err(self.mistake(at, sentence));
            }
            if seen.contains(&selector) {
                return Err(self
                    .mistake(at, format!("the form \"{selector}\" appears twice. Remove one of the two.")));
            }
            seen.push(selector);
            self.skip_space();
            if !self.eat('{') {
                let sentence = format!(
                    "the text of the form \"{selector}\" is missing. Write it in braces: {selector} {{…}}."
                );
                return Err(self.mistake(self.at, sentence));
            }
            self.read_form(at, selector, depth)?;
        }
    }

    /// Reads the text of one form, with its closing brace.
    fn read_form(&mut self, selector_at: usize, selector: &str, depth: usize) -> Result<(), Mistake> {
        loop {
            let text = self.rest();
            self.at += text.find(['{', '}', '\'']).unwrap_or(text.len());
            let at = self.at;
            if self.eat('}') {
                return Ok(());
            }
            if self.eat('\'') {
                self.skip_quoted_text(at)?;
            } else if self.rest().is_empty() {
                let sentence =
                    format!("the form \"{selector}\" that begins here is not closed. Write }} at its end.");
                return Err(self.mistake(selector_at, sentence));
            } else if !self.read_argument(depth + 1)? {
                let sentence = "a brace within a plural form begins a placeholder such as {country}. For a plain brace write '{'.";
                return Err(self.mistake(at, sentence.to_owned()));
            }
        }
    }

    /// Continues after an apostrophe within a form. Two apostrophes stand for one. An apostrophe before a brace or `#`
    /// begins quoted text, which is skipped. Any other apostrophe is plain text.
    fn skip_quoted_text(&mut self, apostrophe: usize) -> Result<(), Mistake> {
        if self.eat('\'') || !self.rest().starts_with(['{', '}', '#']) {
            return Ok(());
        }
        self.has_quotes = true;
        loop {
            let Some(end) = self.rest().find('\'') else {
                let sentence = "the apostrophe here starts quoted text that does not end. Write ’ instead, or '' for a plain apostrophe.";
                return Err(self.mistake(apostrophe, sentence.to_owned()));
            };
            self.at += end + 1;
            if !self.eat('\'') {
                return Ok(());
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips `expected` if it is the next character. Returns whether it was.
    fn eat(&mut self, expected: char) -> bool {
        let is_next = self.rest().starts_with(expected);
        if is_next {
            self.at += expected.len_utf8();
        }
        is_next
    }

    /// Takes the following characters for which `is_part` is true.
    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Skips white space. Returns whether there was any.
    fn skip_space(&mut self) -> bool {
        !self.take(|c| c.is_ascii_whitespace()).is_empty()
    }

    /// The number of the character at the byte `at`, counted from 1.
    fn position(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    fn mistake(&self, at: usize, sentence: String) -> Mistake {
        Mistake { position: self.position(at), sentence }
    }
}

/// An example of a valid plural argument.
fn sample(name: &str) -> String {
    format!("{{{name}, plural, one {{…}} other {{# …}}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        arguments(text).unwrap().into_iter().map(|argument| argument.name).collect()
    }

    #[test]
    fn placeholders_and_plurals_are_found_anywhere_in_a_text() {
        assert_eq!(names("{country} and {days_left}, {country}"), ["country", "days_left", "country"]);
        assert_eq!(names("{a{country} {Tag} {} { date } {date {date"), ["country"]);
        assert_eq!(
            names("{days_left, plural, one {in {country}} other {# '{gift}' on {date}}} {weekday}"),
            ["days_left", "country", "date", "weekday"]
        );
        assert_eq!(names("l'{country}"), ["country"], "an apostrophe outside plural forms is plain text");
        assert_eq!(names("{days_left, plural, other {''{country} '''{date}'}}"), ["days_left", "country"]);
        let found =
            arguments("Ó { article_count ,selectordinal,=2{}two{#}other{it''s {days_left,plural,other{}}}}")
                .unwrap();
        let forms =
            |is_ordinal, categories: &[_]| Some(Forms { is_ordinal, categories: categories.to_vec() });
        let (two, other) = (PluralCategory::Two, PluralCategory::Other);
        assert_eq!(
            found,
            [
                Argument {
                    name: "article_count",
                    position: 3,
                    forms: forms(true, &[(38, two), (44, other)])
                },
                Argument { name: "days_left", position: 56, forms: forms(false, &[(74, other)]) },
            ]
        );
    }

    #[test]
    fn a_syntax_error_is_reported_with_its_position_and_a_fix() {
        for (text, position, sentence) in [
            ("Tá {article_count, plurals, other {#}}", 20, "{article_count, plural, one {…} other {# …}}"),
            ("{article_count, }", 17, "only a plural can follow"),
            ("{a, plural other {#}}", 12, "a comma is missing"),
            ("{a, plural, one {#}}", 1, "\"other\" is missing"),
            ("{a, plural,}", 1, "\"other\" is missing"),
            ("{a, plural, one {d'# á} other {d'# á}}", 1, "write ’ instead"),
            ("é {a, plural, other {#}", 3, "one more }"),
            ("{a, plural, other {#", 13, "Write } at its end"),
            ("{a, plural, ones {#} other {#}}", 13, "\"ones\" is not a plural form"),
            ("{a, plural, ! {#} other {#}}", 13, "\"!\" is not a plural form"),
            ("{a, plural, offset:1 other {#}}", 13, "not supported"),
            ("{a, plural, =one {#} other {#}}", 13, "whole number"),
            ("{a, plural, =01 {#} other {#}}", 13, "whole number"),
            ("{a, plural, =9007199254740992 {#} other {#}}", 13, "whole number"),
            ("{a, plural, other {#} other {#}}", 23, "appears twice"),
            ("{a, plural, =1 {#} =1 {#} other {#}}", 20, "appears twice"),
            ("{a, plural, one # other {#}}", 17, "one {…}"),
            ("{a, plural, other { { } }}", 21, "write '{'"),
            ("{a, plural, other {'# }}", 20, "does not end"),
        ] {
            let mistake = arguments(text).expect_err(text);
            assert_eq!(mistake.position, position, "{text}: {mistake:?}");
            assert!(mistake.sentence.contains(sentence), "{text}: {mistake:?}");
        }
    }

    #[test]
    fn plurals_are_nested_at_most_three_deep() {
        let nested =
            |depth| (0..depth).fold("#".to_owned(), |text, _| format!("{{a, plural, other {{{text}}}}}"));
        assert_eq!(names(&nested(3)), ["a", "a", "a"]);
        assert!(arguments(&nested(4)).unwrap_err().sentence.contains("3 deep"));
        assert!(arguments(&"{a, plural, other {".repeat(100_000)).is_err());
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_all_positions_are_valid() {
        const PARTS: [&str; 16] = [
            "{",
            "}",
            "'",
            "''",
            "#",
            ",",
            "é",
            "a",
            "one",
            "other",
            "=1",
            "offset:1",
            "{a, plural, ",
            "other {",
            "{country}",
            "} ",
        ];
        // Tries every text that consists of five of these parts.
        for number in 0..PARTS.len().pow(5) {
            let indexes = (0..5).map(|digit| number / PARTS.len().pow(digit) % PARTS.len());
            let text: String = indexes.map(|index| PARTS[index]).collect();
            match arguments(&text) {
                Ok(found) => {
                    let is_brace = |it: &Argument<'_>| text.chars().nth(it.position - 1) == Some('{');
                    assert!(found.iter().all(is_brace), "{text}: {found:?}");
                }
                Err(mistake) => {
                    assert!(
                        (1..=text.chars().count() + 1).contains(&mistake.position),
                        "{text}: {mistake:?}"
                    );
                }
            }
        }
    }
}
