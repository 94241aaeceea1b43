//! The account's settlement currency (the currency of its balance and payouts), and the exchange rates.

use serde_json::Value;

use crate::{Refused, money};

/// A settlement currency with a table of exchange rates. Payments in a currency that is not in the table are settled in
/// their own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    currency: String,
    decimals: u32,
    rates: Vec<Rate>,
}

/// An exchange rate. One whole unit of `currency` is worth `digits / 10^places` whole units of the settlement currency.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rate {
    currency: String,
    decimals: u32,
    digits: i128,
    places: u32,
}

/// The maximum number of decimals of a rate.
const MAX_DECIMALS: usize = 12;

impl Settlement {
    /// Creates the settings of an account that settles in `currency`. `rates` lists what one whole unit of another
    /// currency is worth in `currency`, such as `("usd", "0.9215")`.
    pub fn new(currency: &str, rates: &[(&str, &str)]) -> Result<Self, Refused> {
        let rates = rates.iter().map(|(currency, rate)| Rate::parse(currency, rate));
        Ok(Self {
            currency: currency.to_ascii_lowercase(),
            decimals: decimals(currency)?,
            rates: rates.collect::<Result<_, _>>()?,
        })
    }

    /// Converts an amount to the settlement currency. Returns the converted amount, the settlement currency, and the
    /// rate between minor units, like Stripe's `exchange_rate`. Returns `None` if the amount needs no conversion.
    pub(crate) fn convert(&self, amount_minor: i64, currency: &str) -> Option<(i64, &str, Value)> {
        let rate = self.rates.iter().find(|rate| rate.currency == currency && currency != self.currency)?;
        let numerator = i128::from(amount_minor) * rate.digits * 10_i128.pow(self.decimals);
        let denominator = 10_i128.pow(rate.places + rate.decimals);
        let converted = i64::try_from(rounded(numerator, denominator)).ok()?;
        let shift = i64::from(self.decimals) - i64::from(rate.decimals) - i64::from(rate.places);
        let exchange_rate = serde_json::from_str(&format!("{}e{shift}", rate.digits)).unwrap_or(Value::Null);
        Some((converted, &self.currency, exchange_rate))
    }
}

impl Rate {
    fn parse(currency: &str, rate: &str) -> Result<Self, Refused> {
        let (whole, part) = rate.split_once('.').unwrap_or((rate, ""));
        let digits = format!("{whole}{part}");
        let is_well_formed =
            digits.len() <= 18 && part.len() <= MAX_DECIMALS && digits.bytes().all(|b| b.is_ascii_digit());
        let invalid_rate = || Refused::invalid(None, format!("“{rate}” is not a rate such as 0.9215."));
        let value: i128 = if is_well_formed { digits.parse().map_err(|_| invalid_rate())? } else { 0 };
        if value == 0 {
            return Err(invalid_rate());
        }
        Ok(Self {
            currency: currency.to_ascii_lowercase(),
            decimals: decimals(currency)?,
            digits: value,
            places: u32::try_from(part.len()).unwrap_or_default(),
        })
    }
}

fn decimals(currency: &str) -> Result<u32, Refused> {
    money::decimals(currency)
        .ok_or_else(|| Refused::invalid(None, format!("There is no currency called {currency}.")))
}

/// Divides and rounds to the nearest whole number. Halves are rounded away from zero.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let half = if numerator < 0 { -denominator / 2 } else { denominator / 2 };
    (numerator + half) / denominator
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn euros() -> Settlement {
        Settlement::new("EUR", &[("usd", "0.9215"), ("jpy", "0.0061"), ("kwd", "3.012"), ("isk", "0.0069")])
            .unwrap()
    }

    #[test]
    fn amounts_in_currencies_with_any_number_of_decimals_are_converted() {
        let settlement = euros();
        let amount = |amount_minor, currency| settlement.convert(amount_minor, currency).unwrap().0;
        assert_eq!(amount(1000, "usd"), 922);
        assert_eq!(amount(-1000, "usd"), -922);
        assert_eq!(amount(1000, "jpy"), 610);
        assert_eq!(amount(10_000, "kwd"), 3012);
        assert_eq!(amount(100_000, "isk"), 690);
        let yen = Settlement::new("jpy", &[("eur", "163.5"), ("kwd", "500")]).unwrap();
        assert_eq!(yen.convert(1000, "eur").unwrap().0, 1635);
        assert_eq!(yen.convert(1005, "kwd").unwrap().0, 503);
    }

    #[test]
    fn the_exchange_rate_is_between_minor_units() {
        let settlement = euros();
        let rate = |currency| settlement.convert(1, currency).unwrap().2;
        assert_eq!(rate("usd"), json!(0.9215));
        assert_eq!(rate("jpy"), json!(0.61));
        assert_eq!(rate("kwd"), json!(0.3012));
    }

    #[test]
    fn the_settlement_currency_and_currencies_without_a_rate_are_not_converted() {
        let settlement = Settlement::new("eur", &[("eur", "1")]).unwrap();
        assert_eq!(settlement.convert(1000, "eur"), None);
        assert_eq!(settlement.convert(1000, "gbp"), None);
    }

    #[test]
    fn invalid_rates_and_unknown_currencies_are_rejected() {
        for rate in ["", "x", "0", "0.0", "-1", "1,5", "1.5.0", "1e3", "0.1234567890123"] {
            assert!(Settlement::new("eur", &[("usd", rate)]).is_err(), "{rate}");
        }
        assert!(Settlement::new("zzz", &[]).is_err());
        assert!(Settlement::new("eur", &[("zzz", "1")]).is_err());
    }
}
