//! Formats and parses amounts for people, and computes the fees of the practice Stripe.

use iso_currency::Currency;

/// How many digits of Stripe's integer amounts in this currency are decimals, or `None` for an unknown currency.
///
/// The number is that of ISO 4217, except for currencies that Stripe treats differently.
pub(crate) fn decimals(currency: &str) -> Option<u32> {
    let code = currency.to_ascii_uppercase();
    match code.as_str() {
        "ISK" | "UGX" => Some(2),
        "MGA" => Some(0),
        _ => Currency::from_code(&code).and_then(Currency::exponent).map(u32::from),
    }
}

/// Formats an amount in minor units with the currency code, such as `EUR 10.00` or `JPY 1,000`.
pub(crate) fn format(amount_minor: i64, currency: &str) -> String {
    let decimals = decimals(currency).unwrap_or(2);
    let minor_per_unit = 10_u64.pow(decimals);
    let sign = if amount_minor < 0 { "-" } else { "" };
    let (whole, part) =
        (amount_minor.unsigned_abs() / minor_per_unit, amount_minor.unsigned_abs() % minor_per_unit);
    let code = currency.to_ascii_uppercase();
    let whole = grouped(whole);
    match decimals {
        0 => format!("{code} {sign}{whole}"),
        width => format!("{code} {sign}{whole}.{part:0width$}", width = width as usize),
    }
}

/// Formats an amount in minor units as the pages show it, such as `€10.00` or `CHF 10.00`.
pub(crate) fn format_with_symbol(amount_minor: i64, currency: &str) -> String {
    let plain = format(amount_minor, currency);
    let Some((code, amount)) = plain.split_once(' ') else { return plain };
    // Only these four currencies are shown with a symbol. All others are shown with their code.
    let symbol = match code {
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "USD" => "$",
        _ => return plain,
    };
    match amount.strip_prefix('-') {
        Some(amount) => format!("-{symbol}{amount}"),
        None => format!("{symbol}{amount}"),
    }
}

/// Parses an amount that a person typed, such as `2.50` or `2,5`. Returns minor units, or `None` if it is invalid.
pub(crate) fn parse(typed: &str, currency: &str) -> Option<i64> {
    let decimals = usize::try_from(decimals(currency)?).ok()?;
    let (whole, part) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > decimals || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    format!("{whole}{part:0<decimals$}").parse().ok()
}

/// Formats a number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The fee of a payment, in minor units: 1.5 % of the payment plus 25, and at most the payment.
pub(crate) fn fee(amount_minor: i64) -> i64 {
    ((amount_minor * 15 + 500) / 1000 + 25).min(amount_minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yen_has_no_decimals_and_dinars_have_three() {
        assert_eq!(format(1000, "jpy"), "JPY 1,000");
        assert_eq!(format(1000, "eur"), "EUR 10.00");
        assert_eq!(format(123_456_789, "usd"), "USD 1,234,567.89");
        assert_eq!(format(-1005, "kwd"), "KWD -1.005");
        assert_eq!(format(500, "isk"), "ISK 5.00");
        assert_eq!(decimals("zzz"), None);
    }

    #[test]
    fn pages_show_a_symbol_only_for_four_currencies() {
        assert_eq!(format_with_symbol(1500, "eur"), "€15.00");
        assert_eq!(format_with_symbol(-1500, "gbp"), "-£15.00");
        assert_eq!(format_with_symbol(1000, "jpy"), "¥1,000");
        assert_eq!(format_with_symbol(1500, "chf"), "CHF 15.00");
        assert_eq!(format_with_symbol(-1005, "kwd"), "KWD -1.005");
    }

    #[test]
    fn typed_amounts_may_have_only_the_decimals_of_the_currency() {
        assert_eq!(parse("2.5", "eur"), Some(250));
        assert_eq!(parse("2,50", "eur"), Some(250));
        assert_eq!(parse("300", "jpy"), Some(300));
        assert_eq!(parse("3.5", "jpy"), None);
        assert_eq!(parse("2.505", "eur"), None);
        assert_eq!(parse("-2", "eur"), None);
        assert_eq!(parse("two", "eur"), None);
    }

    #[test]
    fn the_fee_is_one_and_a_half_percent_plus_25() {
        assert_eq!(fee(1000), 40);
        assert_eq!(fee(2500), 63);
        assert_eq!(fee(20), 20);
    }
}
