//! Formats numbers, amounts of money and times for people.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;

use crate::clock;
use crate::money::Currency;

/// Formats numbers for a language, according to CLDR.
pub struct Formats(DecimalFormatter);

impl Formats {
    /// Creates the formats of a language. For an unknown language, the formats of the nearest known one are used.
    pub fn new(locale: &Locale) -> Self {
        let formatter = DecimalFormatter::try_new(locale.into(), Default::default());
        Self(formatter.expect("the compiled-in tables must have a fallback for every language"))
    }

    /// A count, such as `41,230`.
    pub fn count(&self, count: i64) -> String {
        self.0.format(&Decimal::from(count)).to_string()
    }

    /// Formats an amount with all its decimals and without its currency, such as `41,230.00`. The number of decimals
    /// comes from [`Currency`], because ICU's own currency formatter rounds some of Stripe's amounts.
    pub fn amount(&self, amount_minor: i64, currency: Currency) -> String {
        let digits =
            i16::try_from(currency.minor_digits()).expect("a currency must have at most three decimals");
        let mut amount = Decimal::from(amount_minor);
        amount.multiply_pow10(-digits);
        self.0.format(&amount).to_string()
    }
}

/// A time in UTC. Date and time follow ISO 8601, which is the same in every language.
pub struct Time {
    /// The time for programs.
    pub rfc3339: String,
    /// The time for people, such as `2026-11-24 09:00 UTC`.
    pub text: String,
}

impl Time {
    /// Converts milliseconds since 1970.
    pub fn new(at_ms: i64) -> Self {
        let rfc3339 = clock::rfc3339(at_ms);
        let text = match (rfc3339.get(..10), rfc3339.get(11..16)) {
            (Some(day), Some(time)) => format!("{day} {time} UTC"),
            _ => rfc3339.clone(),
        };
        Self { rfc3339, text }
    }
}

#[cfg(test)]
mod tests {
    use icu_locale_core::locale;

    use super::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency_and_the_separators_of_the_language() {
        let format_amount = |locale: Locale, minor: i64, code: &str| {
            Formats::new(&locale).amount(minor, Currency::parse(code).unwrap())
        };
        for (locale, minor, code, expected) in [
            (locale!("en"), 0, "EUR", "0.00"),
            (locale!("en"), 99_999, "EUR", "999.99"),
            (locale!("en"), 100_000, "EUR", "1,000.00"),
            (locale!("en"), -123_456_789, "EUR", "-1,234,567.89"),
            (locale!("en"), 1_000, "JPY", "1,000"),
            (locale!("en"), -999, "JPY", "-999"),
            (locale!("en"), 1_234_560, "KWD", "1,234.560"),
            // Stripe uses decimals for forints, and ICU's currency formatter drops them.
            (locale!("en"), 150_050, "HUF", "1,500.50"),
            (locale!("de"), -123_456_789, "EUR", "-1.234.567,89"),
            (locale!("fr"), 100_000, "EUR", "1\u{202f}000,00"),
            (locale!("en-IN"), 123_456_789, "INR", "12,34,567.89"),
            (locale!("en"), i64::MIN, "EUR", "-92,233,720,368,547,758.08"),
        ] {
            assert_eq!(format_amount(locale, minor, code), expected, "{minor} {code}");
        }
        assert_eq!(Formats::new(&locale!("en")).count(1_234_567), "1,234,567");
        assert_eq!(Formats::new(&locale!("de")).count(1_234_567), "1.234.567");
    }

    #[test]
    fn a_time_is_formatted_the_same_in_every_language() {
        let time = Time::new(1_795_510_800_000);
        assert_eq!(
            (time.rfc3339.as_str(), time.text.as_str()),
            ("2026-11-24T09:00:00Z", "2026-11-24 09:00 UTC")
        );
    }
}
