//! Money: a currency, and an amount as a whole number of its minor unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency, written in capitals (`EUR`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not an ISO 4217 currency code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an ISO 4217 currency code")]
pub struct NotACurrency;

impl Currency {
    /// Parses a code in capitals, or in lowercase as Stripe writes it.
    ///
    /// # Errors
    /// ISO 4217 has no such code.
    pub fn parse(text: &str) -> Result<Self, NotACurrency> {
        let code = text.to_ascii_uppercase();
        iso_currency::Currency::from_code(&code).ok_or(NotACurrency)?;
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| NotACurrency)?;
        Ok(Self(bytes))
    }

    /// The code in capitals.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency must consist of three ASCII letters")
    }

    /// The code in lowercase, as Stripe requires it.
    pub fn stripe_code(&self) -> String {
        self.code().to_ascii_lowercase()
    }

    /// The number of decimals of an amount at Stripe: 0, 2 or 3.
    ///
    /// The number is that of ISO 4217, except for currencies that Stripe counts differently
    /// (<https://docs.stripe.com/currencies#special-cases>). ISK and UGX have no decimals in ISO 4217, but Stripe
    /// counts them in hundredths. Stripe counts MGA in whole units.
    pub fn minor_digits(&self) -> u32 {
        match self.code() {
            "ISK" | "UGX" => 2,
            "MGA" => 0,
            code => iso_currency::Currency::from_code(code)
                .and_then(|currency| currency.exponent())
                .map_or(2, u32::from),
        }
    }

    /// The step of an amount, in the minor unit: Stripe only accepts multiples of it
    /// (<https://docs.stripe.com/currencies>). If an amount has three decimals, the third must be 0. ISK and UGX have
    /// two decimals only at Stripe, and both must be 0.
    pub fn step_minor(&self) -> i64 {
        match (self.code(), self.minor_digits()) {
            ("ISK" | "UGX", _) => 100,
            (_, 3) => 10,
            _ => 1,
        }
    }
}

/// Stripe's minimum amount, in the minor unit, for each currency for which Stripe documents one
/// (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>, read in November 2026).
const STRIPE_MINIMUMS: [(&str, i64); 24] = [
    ("AED", 200),
    ("AUD", 50),
    ("BGN", 100),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CZK", 1500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("INR", 50),
    ("JPY", 50),
    ("MXN", 1000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PLN", 200),
    ("RON", 200),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1000),
    ("USD", 50),
];

impl Currency {
    /// Stripe's minimum amount, in the minor unit. `None` if Stripe documents no minimum for this currency. In that
    /// case, Stripe converts the minimum of the settlement currency, at a rate that only Stripe knows.
    pub fn stripe_minimum_minor(&self) -> Option<i64> {
        STRIPE_MINIMUMS.iter().find(|(code, _)| *code == self.code()).map(|(_, minor)| *minor)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;
    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;
    fn try_from(text: String) -> Result<Self, NotACurrency> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

/// An amount in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's minor unit (cents, yen, fils).
    pub amount_minor: i64,
    /// The currency. Amounts in different currencies are never added.
    pub currency: Currency,
}

impl Money {
    /// The amount with the currency's own decimals: `1234.50`, `-3.000`, `500`.
    pub fn decimal(&self) -> String {
        let digits = self.currency.minor_digits() as usize;
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let minor = format!("{:0width$}", self.amount_minor.unsigned_abs(), width = digits + 1);
        let (whole, decimals) = minor.split_at(minor.len() - digits);
        if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
    }

    /// The amount in short form, with the currency's symbol: `€21`, `€7.50`. Currencies without a common symbol have
    /// their code instead: `CHF 5`.
    pub fn with_symbol(&self) -> String {
        let decimal = self.decimal();
        let digits = self.currency.minor_digits() as usize;
        let zeros = format!(".{}", "0".repeat(digits));
        let amount = decimal.strip_suffix(&zeros).filter(|_| digits > 0).unwrap_or(&decimal);
        match self.currency.code() {
            "EUR" => format!("€{amount}"),
            "GBP" => format!("£{amount}"),
            "JPY" => format!("¥{amount}"),
            "USD" => format!("${amount}"),
            code => format!("{code} {amount}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_iso_4217_and_stripes_special_cases() {
        let digits = |code| Currency::parse(code).unwrap().minor_digits();
        assert_eq!(
            ["EUR", "usd", "JPY", "KRW", "BHD", "KWD", "ISK", "UGX", "MGA", "HUF", "TWD"].map(digits),
            [2, 2, 0, 0, 3, 3, 2, 2, 0, 2, 2]
        );
    }

    #[test]
    fn an_amount_is_written_with_the_decimals_of_its_currency() {
        let decimal =
            |amount_minor, code| Money { amount_minor, currency: Currency::parse(code).unwrap() }.decimal();
        assert_eq!(
            [(123_450, "EUR"), (-5, "EUR"), (0, "EUR"), (500, "JPY"), (-3_000, "KWD"), (100, "ISK")]
                .map(|(minor, code)| decimal(minor, code)),
            ["1234.50", "-0.05", "0.00", "500", "-3.000", "1.00"]
        );
    }

    #[test]
    fn stripes_minimums_are_in_the_minor_unit_and_multiples_of_the_step() {
        let minimum = |code| Currency::parse(code).unwrap().stripe_minimum_minor();
        assert_eq!(
            ["USD", "GBP", "JPY", "HUF", "KWD", "ISK"].map(minimum),
            [Some(50), Some(30), Some(50), Some(17_500), None, None]
        );
        for (code, minor) in STRIPE_MINIMUMS {
            assert_eq!(minor % Currency::parse(code).unwrap().step_minor(), 0, "{code}");
        }
    }

    #[test]
    fn the_step_follows_stripes_rules() {
        let step = |code| Currency::parse(code).unwrap().step_minor();
        assert_eq!(["EUR", "JPY", "KWD", "TND", "ISK", "UGX", "MGA"].map(step), [1, 1, 10, 10, 100, 100, 1]);
    }

    #[test]
    fn an_invalid_currency_code_is_rejected() {
        for text in ["", "EURO", "E", "XQZ", "€", "eu\u{0}"] {
            assert_eq!(Currency::parse(text), Err(NotACurrency), "{text}");
        }
    }
}
