//! The parser's position in a JSON text, and methods that parse the smallest parts of it.

use jiff::Timestamp;
use jiff::civil::Date;

use super::text::{Text, plain_len};
use crate::calendar::{browser_timestamp, common_date, is_common_date, timestamp_of};

/// The parser's position in the text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) json: &'a str,
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// Parses a time. If the time has the form that browsers write, the parser does not search for its end.
    #[inline]
    pub(super) fn time(&mut self) -> Option<Timestamp> {
        if let Some([b'"', text @ .., b'"']) = self.json.as_bytes()[self.at..].first_chunk::<26>()
            && let Some(at) = browser_timestamp(text)
        {
            self.at += 26;
            return Some(at);
        }
        timestamp_of(self.plain_text()?)
    }

    /// Parses a date. Also accepts any other text, which the caller may reject.
    pub(super) fn date(&mut self) -> Option<&'a str> {
        self.try_parse(Self::common_date).or_else(|| self.plain_text())
    }

    /// Parses a date such as `"2026-11-23"`, even if the day does not exist.
    #[inline(always)]
    pub(super) fn common_date(&mut self) -> Option<&'a str> {
        let from = self.at + 1;
        is_common_date(self.quoted_ten_bytes()?).then(|| self.json.get(from..from + 10)).flatten()
    }

    /// Parses a date such as `"2026-11-23"`. The day must exist.
    #[inline(always)]
    pub(super) fn existing_date(&mut self) -> Option<Date> {
        common_date(self.quoted_ten_bytes()?)
    }

    /// Returns the ten bytes between two quotes.
    #[inline(always)]
    fn quoted_ten_bytes(&mut self) -> Option<&'a [u8; 10]> {
        let json = self.json.as_bytes();
        let [b'"', bytes @ .., b'"'] = json.get(self.at..)?.first_chunk::<12>()? else { return None };
        self.at += 12;
        Some(bytes)
    }

    /// Returns how many bytes of the text are left to parse.
    pub(super) fn bytes_left(&self) -> usize {
        self.json.len() - self.at
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// Skips the expected bytes if the text continues with them. Returns whether it does.
    #[inline(always)]
    pub(super) fn eat(&mut self, expected: &[u8]) -> bool {
        let found = self.json.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(expected));
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Skips the expected bytes. Returns `None` if the text does not continue with them.
    #[inline(always)]
    pub(super) fn skip(&mut self, expected: &[u8]) -> Option<&mut Self> {
        self.eat(expected).then_some(self)
    }

    /// Calls `parse`. If `parse` returns `None`, restores the position.
    #[inline(always)]
    pub(super) fn try_parse<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at;
        let parsed = parse(self);
        if parsed.is_none() {
            std::hint::cold_path();
            self.at = start;
        }
        parsed
    }

    /// Skips one space, if there is one.
    #[inline]
    pub(super) fn skip_space(&mut self) {
        if self.peek() == Some(b' ') {
            std::hint::cold_path();
            self.at += 1;
        }
    }

    /// Skips a comma and the space after it. Returns whether there was a comma.
    #[inline]
    pub(super) fn skip_comma(&mut self) -> bool {
        let found = self.eat(b",");
        if found {
            self.skip_space();
        }
        found
    }

    /// Parses a list. `capacity` is the expected number of items.
    pub(super) fn list<T>(
        &mut self,
        capacity: usize,
        mut parse_item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.eat(b"[") {
            return None;
        }
        if self.eat(b"]") {
            return Some(Vec::new());
        }
        let mut list = Vec::with_capacity(capacity);
        // A local copy stays in the processor's registers.
        let mut cursor = *self;
        loop {
            list.push(parse_item(&mut cursor)?);
            if !cursor.skip_comma() {
                break;
            }
        }
        *self = cursor;
        self.eat(b"]").then_some(list)
    }

    /// Parses `null` as `Some(None)`, or a value.
    #[inline]
    pub(super) fn nullable<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.eat(b"null") { Some(None) } else { parse(self).map(Some) }
    }

    pub(super) fn nullable_text(&mut self) -> Option<Option<Text<'a>>> {
        self.nullable(Self::text)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        if self.eat(b"true") { Some(true) } else { self.eat(b"false").then_some(false) }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Option<u32> {
        let first = self.digit()?;
        let mut number = first;
        while let Some(digit) = self.digit() {
            // In JSON, a number with more than one digit can't begin with a zero.
            if first == 0 {
                return None;
            }
            number = number.checked_mul(10)?.checked_add(digit)?;
        }
        Some(number)
    }

    #[inline]
    fn digit(&mut self) -> Option<u32> {
        let digit = u32::from(self.peek()?).wrapping_sub(u32::from(b'0'));
        (digit <= 9).then(|| {
            self.at += 1;
            digit
        })
    }

    #[inline]
    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        self.plain_text().map(Text::from)
    }

    /// Parses a text without escapes.
    #[inline]
    pub(super) fn plain_text(&mut self) -> Option<&'a str> {
        self.skip(b"\"")?.rest_of_plain()
    }

    /// Parses the rest of a text without escapes, after its first quote.
    #[inline]
    pub(super) fn rest_of_plain(&mut self) -> Option<&'a str> {
        let from = self.at;
        self.skip_plain();
        let end = self.at;
        if !self.eat(b"\"") {
            return None;
        }
        self.json.get(from..end)
    }
    /// Skips the rest of a text without escapes, up to its last quote.
    #[inline(always)]
    pub(super) fn skip_plain(&mut self) {
        self.at += plain_len(&self.json.as_bytes()[self.at..]);
    }
}
