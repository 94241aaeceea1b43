//! Country codes: two letters of ISO 3166-1, and `XK`, which is in wide use for Kosovo.

use std::fmt;

/// An existing country code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Parses a country code. Returns `None` for anything else, such as `UK`, `EU`, `T1` or an empty text. Case does
    /// not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        let code = letters.map(|letter| letter.to_ascii_uppercase());
        let [first, second] = code.map(|letter| letter.wrapping_sub(b'A'));
        let second_letters = SECOND_LETTERS.get(usize::from(first))?.checked_shr(second.into())?;
        (second_letters & 1 == 1).then_some(Self(code))
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

/// A part of a country, as in ISO 3166-2. Whether the code exists is not checked, because the codes change often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) country: CountryCode,
    /// One to three letters or digits. Zero bytes fill the rest.
    code: [u8; 3],
}

impl Region {
    /// Parses a region with its country, such as `US-CA`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (country, code) = text.split_once('-')?;
        Self::new(CountryCode::parse(country)?, code)
    }

    /// Parses a region of the given country, written as `CA` or `US-CA`.
    pub(crate) fn of(country: CountryCode, text: &str) -> Option<Self> {
        match text.split_once('-') {
            None => Self::new(country, text),
            Some(_) => Self::parse(text).filter(|region| region.country == country),
        }
    }

    fn new(country: CountryCode, text: &str) -> Option<Self> {
        let fits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mut code = [0; 3];
        for (place, byte) in code.iter_mut().zip(text.bytes()) {
            *place = byte.to_ascii_uppercase();
        }
        fits.then_some(Self { country, code })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.country)?;
        self.code.iter().filter(|byte| **byte != 0).try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

/// For each first letter, one bit for each second letter of a listed code. This makes looking up a code fast.
const SECOND_LETTERS: [u32; 26] = {
    let mut second_letters = [0; 26];
    let mut place = 0;
    while place < CODES.len() {
        let [first, second] = *CODES[place];
        second_letters[(first - b'A') as usize] |= 1 << (second - b'A');
        place += 1;
    }
    second_letters
};

#[rustfmt::skip]
const CODES: [&[u8; 2]; 250] = [
    b"AD", b"AE", b"AF", b"AG", b"AI", b"AL", b"AM", b"AO", b"AQ", b"AR", b"AS", b"AT", b"AU", b"AW", b"AX", b"AZ",
    b"BA", b"BB", b"BD", b"BE", b"BF", b"BG", b"BH", b"BI", b"BJ", b"BL", b"BM", b"BN", b"BO", b"BQ", b"BR", b"BS",
    b"BT", b"BV", b"BW", b"BY", b"BZ", b"CA", b"CC", b"CD", b"CF", b"CG", b"CH", b"CI", b"CK", b"CL", b"CM", b"CN",
    b"CO", b"CR", b"CU", b"CV", b"CW", b"CX", b"CY", b"CZ", b"DE", b"DJ", b"DK", b"DM", b"DO", b"DZ", b"EC", b"EE",
    b"EG", b"EH", b"ER", b"ES", b"ET", b"FI", b"FJ", b"FK", b"FM", b"FO", b"FR", b"GA", b"GB", b"GD", b"GE", b"GF",
    b"GG", b"GH", b"GI", b"GL", b"GM", b"GN", b"GP", b"GQ", b"GR", b"GS", b"GT", b"GU", b"GW", b"GY", b"HK", b"HM",
    b"HN", b"HR", b"HT", b"HU", b"ID", b"IE", b"IL", b"IM", b"IN", b"IO", b"IQ", b"IR", b"IS", b"IT", b"JE", b"JM",
    b"JO", b"JP", b"KE", b"KG", b"KH", b"KI", b"KM", b"KN", b"KP", b"KR", b"KW", b"KY", b"KZ", b"LA", b"LB", b"LC",
    b"LI", b"LK", b"LR", b"LS", b"LT", b"LU", b"LV", b"LY", b"MA", b"MC", b"MD", b"ME", b"MF", b"MG", b"MH", b"MK",
    b"ML", b"MM", b"MN", b"MO", b"MP", b"MQ", b"MR", b"MS", b"MT", b"MU", b"MV", b"MW", b"MX", b"MY", b"MZ", b"NA",
    b"NC", b"NE", b"NF", b"NG", b"NI", b"NL", b"NO", b"NP", b"NR", b"NU", b"NZ", b"OM", b"PA", b"PE", b"PF", b"PG",
    b"PH", b"PK", b"PL", b"PM", b"PN", b"PR", b"PS", b"PT", b"PW", b"PY", b"QA", b"RE", b"RO", b"RS", b"RU", b"RW",
    b"SA", b"SB", b"SC", b"SD", b"SE", b"SG", b"SH", b"SI", b"SJ", b"SK", b"SL", b"SM", b"SN", b"SO", b"SR", b"SS",
    b"ST", b"SV", b"SX", b"SY", b"SZ", b"TC", b"TD", b"TF", b"TG", b"TH", b"TJ", b"TK", b"TL", b"TM", b"TN", b"TO",
    b"TR", b"TT", b"TV", b"TW", b"TZ", b"UA", b"UG", b"UM", b"US", b"UY", b"UZ", b"VA", b"VC", b"VE", b"VG", b"VI",
    b"VN", b"VU", b"WF", b"WS", b"XK", b"YE", b"YT", b"ZA", b"ZM", b"ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_parsed_in_any_case_and_only_if_it_exists() {
        assert_eq!(CountryCode::parse("ie"), CountryCode::parse("IE"));
        assert_eq!(CountryCode::parse("GB").map(|code| code.to_string()).as_deref(), Some("GB"));
        for no_country in ["UK", "EU", "XX", "T1", "", "I", "IRL", "é"] {
            assert_eq!(CountryCode::parse(no_country), None, "{no_country}");
        }
    }

    #[test]
    fn a_region_is_parsed_with_or_without_its_country() {
        let us = CountryCode::parse("US").unwrap();
        assert_eq!(Region::parse("us-ca"), Region::of(us, "CA"));
        assert_eq!(Region::of(us, "US-ny").map(|region| region.to_string()).as_deref(), Some("US-NY"));
        for no_region in ["", "CALI", "GB-ENG", "é"] {
            assert_eq!(Region::of(us, no_region), None, "{no_region}");
        }
    }

    #[test]
    fn every_listed_code_and_no_other_is_found() {
        for first in 0..128 {
            for second in 0..128 {
                let bytes = [first, second];
                let capitals = bytes.map(|byte: u8| byte.to_ascii_uppercase());
                let text = std::str::from_utf8(&bytes).unwrap();
                assert_eq!(CountryCode::parse(text).is_some(), CODES.contains(&&capitals), "{text:?}");
            }
        }
    }
}
