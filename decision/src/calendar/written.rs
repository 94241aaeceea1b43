//! Times and dates as browsers write them. A reader's history is full of them, and the library's parser, which takes every
//! form there is, would be much of the cost of a question.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// A time as in RFC 3339.
pub(crate) fn timestamp_of(text: &str) -> Option<Timestamp> {
    usual_timestamp(text.as_bytes()).or_else(|| text.parse().ok())
}

/// A date such as `2026-11-23`.
pub(crate) fn date_of(text: &str) -> Option<Date> {
    let usual: Option<&[u8; 10]> = text.as_bytes().try_into().ok();
    usual.and_then(usual_date).or_else(|| text.parse().ok())
}

/// `2026-11-23T08:00:00Z` or `2026-11-23T08:00:00.000Z`.
fn usual_timestamp(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_first_chunk()?;
    let (&[b'T', h1, h2, b':', m1, m2, b':', s1, s2], rest) = rest.split_first_chunk()? else { return None };
    let milliseconds = match *rest {
        [b'Z'] => 0,
        [b'.', a, b, c, b'Z'] => i32::from(number([a, b, c])?),
        _ => return None,
    };
    let part = |digits| number(digits).and_then(|part| i8::try_from(part).ok());
    let time = Time::new(part([h1, h2])?, part([m1, m2])?, part([s1, s2])?, milliseconds * 1_000_000).ok()?;
    Offset::UTC.to_timestamp(usual_date(date)?.to_datetime(time)).ok()
}

fn usual_date(text: &[u8; 10]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let part = |digits| number(digits).and_then(|part| i8::try_from(part).ok());
    Date::new(number([y1, y2, y3, y4])?, part([m1, m2])?, part([d1, d2])?).ok()
}

fn number<const N: usize>(digits: [u8; N]) -> Option<i16> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + i16::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_the_library_reads_it(at_ms in -62_135_596_800_000_i64..253_402_207_200_000, whole: bool) {
            let at = Timestamp::from_millisecond(if whole { at_ms.div_euclid(1000) * 1000 } else { at_ms }).unwrap();
            let text = if whole { format!("{at:.0}") } else { format!("{at:.3}") };
            prop_assert_eq!(usual_timestamp(text.as_bytes()), Some(at), "{}", text);
            let date = text.get(..10).unwrap();
            prop_assert_eq!(usual_date(date.as_bytes().try_into().unwrap()), date.parse().ok());
        }

        #[test]
        fn whatever_looks_like_it_is_read_so_or_left_to_the_library(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{3})?[Z+]",
        ) {
            let ours = usual_timestamp(text.as_bytes());
            prop_assert!(ours.is_none() || ours == text.parse().ok(), "{}", text);
            prop_assert_eq!(timestamp_of(&text), text.parse().ok());
            prop_assert_eq!(date_of(&text[..10]), text[..10].parse().ok());
        }
    }

    #[test]
    fn other_forms_are_the_librarys() {
        for text in [
            "2026-11-23T08:00:00+01:00",
            "2026-11-23T08:00:00.5Z",
            "2026-11-23T08:00:00.000001Z",
            "-002026-11-23T08:00:00Z",
        ] {
            assert_eq!(usual_timestamp(text.as_bytes()), None, "{text}");
            assert_eq!(timestamp_of(text), text.parse().ok(), "{text}");
        }
        for text in ["", "2026", "2026-11-2x", "20261123"] {
            assert_eq!(date_of(text), text.parse().ok(), "{text}");
        }
    }
}
