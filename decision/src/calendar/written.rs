//! Parses times and dates. A reader's history contains many of them, in the form that browsers write. This form is
//! parsed here, because the library's parser accepts every form and would take much of the time of a decision.

use jiff::Timestamp;
use jiff::civil::Date;

use super::DAY_MS;

/// Parses a time as in RFC 3339.
pub(crate) fn timestamp_of(text: &str) -> Option<Timestamp> {
    common_timestamp(text.as_bytes()).or_else(|| text.parse().ok())
}

/// Parses a date such as `2026-11-23`.
pub(crate) fn date_of(text: &str) -> Option<Date> {
    let common = text.as_bytes().try_into().ok().and_then(common_date);
    common.or_else(|| text.parse().ok())
}

/// Parses a date such as `2026-11-23` into days since 1970.
pub(crate) fn day_of(text: &str) -> Option<i64> {
    let common = text.as_bytes().try_into().ok().and_then(common_day);
    common.or_else(|| library_day(text))
}

fn library_day(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    Some(date.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24))
}

/// Parses `2026-11-23T08:00:00.000Z` or `2026-11-23T08:00:00Z`.
fn common_timestamp(text: &[u8]) -> Option<Timestamp> {
    match text.len() {
        24 => browser_timestamp(text.try_into().ok()?),
        20 => {
            let (whole, _) = text.split_last_chunk::<1>().filter(|(_, last)| **last == *b"Z")?;
            let mut with_milliseconds = *b"____-__-__T__:__:__.000Z";
            with_milliseconds[..19].copy_from_slice(whole);
            browser_timestamp(&with_milliseconds)
        }
        _ => None,
    }
}

/// Parses `2026-11-23T08:00:00.000Z`, the form in which every browser writes a time (ECMA-262, 21.4.1.32).
pub(crate) fn browser_timestamp(text: &[u8; 24]) -> Option<Timestamp> {
    let (eights, _) = text.as_chunks();
    let [date, hours, seconds] = *eights else { return None };
    let [y1, _, y2, _, _, month, ..] = two_digit_numbers(date, *b"0000-00-")?;
    let [day, _, _, hour, _, _, minute, _] = two_digit_numbers(hours, *b"00T00:00")?;
    let [_, second, _, _, ms1, _, ms2, _] = two_digit_numbers(seconds, *b":00.000Z")?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = day_of_date([y1, y2], month, day)?;
    let in_day = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
    // `ms2` begins with the last digit of the milliseconds. The byte after it counts as the digit 0, so `ms2` is ten
    // times too large.
    let in_day_ms = in_day * 1000 + u32::from(ms1) * 10 + u32::from(ms2 / 10);
    Timestamp::from_millisecond(day * DAY_MS + i64::from(in_day_ms)).ok()
}

/// Parses `2026-11-23`. Returns `None` if the day does not exist or the text has another form.
#[inline]
pub(crate) fn common_date(text: &[u8; 10]) -> Option<Date> {
    let ([y1, y2], month, day) = common_parts(text)?;
    let year = i16::from(y1) * 100 + i16::from(y2);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Parses `2026-11-23` into days since 1970.
fn common_day(text: &[u8; 10]) -> Option<i64> {
    let (year, month, day) = common_parts(text)?;
    day_of_date(year, month, day)
}

/// Returns the year (as two pairs of digits), the month and the day of a text that looks like `2026-11-23`.
#[inline]
fn common_parts(text: &[u8; 10]) -> Option<([u8; 2], u8, u8)> {
    let (first, last) = text.split_first_chunk()?;
    let [y1, _, y2, _, _, month, ..] = two_digit_numbers(*first, *b"0000-00-")?;
    match *last {
        [d1 @ b'0'..=b'9', d2 @ b'0'..=b'9'] => Some(([y1, y2], month, (d1 - b'0') * 10 + (d2 - b'0'))),
        _ => None,
    }
}

/// Whether the text looks like `2026-11-23`.
#[inline]
pub(crate) fn is_common_date(text: &[u8; 10]) -> bool {
    let (first, last) = text.split_first_chunk().expect("ten bytes must contain the first eight");
    digits(*first, *b"0000-00-").is_some() && last.iter().all(u8::is_ascii_digit)
}

/// Returns the days since 1970 of a date of the Gregorian calendar, whose year is given as two pairs of digits. Returns
/// `None` if the date does not exist.
#[inline]
fn day_of_date(year: [u8; 2], month: u8, day: u8) -> Option<i64> {
    /// For each month: its maximum length, and the number of days before it in a year that begins in March.
    const MONTHS: [(u8, u16); 12] = [
        (31, 306),
        (29, 337),
        (31, 0),
        (30, 31),
        (31, 61),
        (30, 92),
        (31, 122),
        (31, 153),
        (30, 184),
        (31, 214),
        (30, 245),
        (31, 275),
    ];
    /// The number of days from the year -400 to 1970. Counting years from -400 keeps all numbers above zero.
    const TO_1970: i64 = 146_097 + 719_468;
    let [centuries, years] = year.map(u32::from);
    let (max_day, days_before) = *MONTHS.get(usize::from(month.checked_sub(1)?))?;
    let is_leap = || if years == 0 { centuries % 4 == 0 } else { years % 4 == 0 };
    if day == 0 || day > max_day || (month == 2 && day == 29 && !is_leap()) {
        return None;
    }
    // The leap day is the last day of its year, so the number of earlier years determines the number of leap days.
    let year = centuries * 100 + years + 400 - u32::from(month < 3);
    let centuries = year / 100;
    let days =
        year * 365 + year / 4 - centuries + centuries / 4 + u32::from(days_before) + u32::from(day - 1);
    Some(i64::from(days) - TO_1970)
}

/// Returns the two-digit number that begins at each position where the pattern has zeros. All other bytes must equal
/// the pattern's bytes, and count as the digit zero.
#[inline]
fn two_digit_numbers(text: [u8; 8], pattern: [u8; 8]) -> Option<[u8; 8]> {
    let digits = digits(text, pattern)?;
    Some((digits * 10 + (digits >> 8)).to_le_bytes())
}

/// Returns the digits where the pattern has zeros, the first in the lowest byte. All other bytes must equal the
/// pattern's bytes. Handles all eight bytes together.
#[inline]
fn digits(text: [u8; 8], pattern: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = u64::MAX / 255 * 0x80;
    // Adding `carries` to `found` sets the highest bit of each byte of `found` that is too large. In the place of a
    // digit, 10 and more are too large. Elsewhere, everything but zero is.
    let carries = u64::from_le_bytes(pattern.map(|wanted| if wanted == b'0' { 0x80 - 10 } else { 0x80 - 1 }));
    let found = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    // If no byte of `found` has its highest bit set, no byte of the sum carries into the next one. If one has it,
    // `| found` keeps the bit, so the text is rejected.
    ((found.wrapping_add(carries) | found) & HIGH == 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_common_form_is_parsed_as_the_library_parses_it(at_ms in -62_135_596_800_000_i64..253_402_207_200_000, whole: bool) {
            let at = Timestamp::from_millisecond(if whole { at_ms.div_euclid(1000) * 1000 } else { at_ms }).unwrap();
            let text = if whole { format!("{at:.0}") } else { format!("{at:.3}") };
            prop_assert_eq!(common_timestamp(text.as_bytes()), Some(at), "{}", text);
            let date = text.get(..10).unwrap();
            prop_assert!(is_common_date(date.as_bytes().try_into().unwrap()));
            prop_assert_eq!(common_day(date.as_bytes().try_into().unwrap()), library_day(date));
        }

        #[test]
        fn similar_text_is_parsed_correctly_or_left_to_the_library(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{3})?[Z+]",
        ) {
            let ours = common_timestamp(text.as_bytes());
            prop_assert!(ours.is_none() || ours == text.parse().ok(), "misread {}", text);
            prop_assert_eq!(timestamp_of(&text), text.parse().ok());
            prop_assert_eq!(day_of(&text[..10]), library_day(&text[..10]));
            prop_assert_eq!(date_of(&text[..10]), text[..10].parse().ok());
        }

        #[test]
        fn a_common_form_with_one_byte_changed_is_parsed_as_the_library_parses_it(
            at_ms in -62_135_596_800_000_i64..253_402_207_200_000, place in 0..24_usize, byte: u8,
        ) {
            let mut text: [u8; 24] =
                format!("{:.3}", Timestamp::from_millisecond(at_ms).unwrap()).as_bytes().try_into().unwrap();
            text[place] = byte;
            let date: [u8; 10] = text[..10].try_into().unwrap();
            // Text that is not UTF-8 is rejected earlier. It is not a time either.
            let by_library = str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
            let ours = browser_timestamp(&text);
            prop_assert!(ours.is_none() || ours == by_library, "misread {:?}", text);
            let by_library = str::from_utf8(&date).ok().and_then(library_day);
            let ours = common_day(&date);
            prop_assert!(ours.is_none() || ours == by_library, "misread {:?}", text);
            let has_the_right_form = |(place, byte): (usize, &u8)| match place {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            };
            prop_assert_eq!(is_common_date(&date), date.iter().enumerate().all(has_the_right_form));
        }
    }

    #[test]
    fn the_last_millisecond_of_a_day_is_the_last_valid_time() {
        for (time, is_valid) in [
            ("23:59:59.999", true),
            ("24:00:00.000", false),
            ("00:60:00.000", false),
            ("00:00:60.000", false),
        ] {
            let text = format!("2026-11-23T{time}Z");
            let ours = browser_timestamp(text.as_bytes().try_into().unwrap());
            assert_eq!(ours, text.parse().ok().filter(|_| is_valid), "{text}");
        }
    }

    #[test]
    fn every_valid_date_and_no_other_is_parsed() {
        for year in 0..=9999_i16 {
            for month in 0..=13_i8 {
                // Errors in calendars are most likely at the ends of months.
                for day in [0, 1, 28, 29, 30, 31, 32] {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let is_valid = Date::new(year, month, day).is_ok();
                    let ours = common_day(text.as_bytes().try_into().unwrap());
                    assert_eq!(ours, is_valid.then(|| library_day(&text).unwrap()), "{text}");
                    assert_eq!(
                        common_date(text.as_bytes().try_into().unwrap()),
                        Date::new(year, month, day).ok()
                    );
                }
            }
        }
    }

    #[test]
    fn other_forms_are_left_to_the_library() {
        for text in [
            "2026-11-23T08:00:00+01:00",
            "2026-11-23T08:00:00.5Z",
            "2026-11-23T08:00:00.000001Z",
            "-002026-11-23T08:00:00Z",
        ] {
            assert_eq!(common_timestamp(text.as_bytes()), None, "{text}");
            assert_eq!(timestamp_of(text), text.parse().ok(), "{text}");
        }
        for text in ["", "2026", "2026-11-2x", "20261123"] {
            assert_eq!(day_of(text), library_day(text), "{text}");
            assert_eq!(date_of(text), text.parse().ok(), "{text}");
        }
    }
}
