import type { Choices, FeeCover } from "./contract";

/** Formats `1050` in EUR as `€10.50`. Whole amounts have no decimals. */
export function formatAmount(amountMinor: number, choices: Pick<Choices, "currency" | "minor_digits">, locale: string): string {
  const unit = 10 ** choices.minor_digits;
  const digits = amountMinor % unit === 0 ? 0 : choices.minor_digits;
  return formatter(locale, {
    style: "currency",
    currency: choices.currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amountMinor / unit);
}

/** Formats `12345` as `12,345`. */
export function formatNumber(number: number, locale: string): string {
  return formatter(locale, {}).format(number);
}

/**
 * Returns the total to pay so that at least `amountMinor` is left after the fee, rounded up to a multiple of
 * `stepMinor`. The service computes the same total.
 */
export function withFee(amountMinor: number, fee: FeeCover, stepMinor: number): number {
  const keptPerMillion = 1_000_000 - fee.per_million;
  return roundUp(roundUp((amountMinor + fee.fixed_minor) * 1_000_000, keptPerMillion) / keptPerMillion, stepMinor);
}

/**
 * Rounds up to a multiple of `step`. The result is exact because all numbers are below 2^53: the form asks for a
 * fee only for amounts up to the site's maximum, which is at most 99,999,999.
 */
function roundUp(whole: number, step: number): number {
  return whole + ((step - (whole % step)) % step);
}

/**
 * Parses an amount as people type it. Returns minor units, or undefined if the text is not an amount. In every
 * language, a single separator with at most `digits` digits after it is a decimal separator: `10,50` equals `10.50`.
 */
export function parseAmount(text: string, digits: number, locale: string): number | undefined {
  const parts = formatter(locale, {}).formatToParts(12345.6);
  const decimal = parts.find((part) => part.type === "decimal")?.value ?? ".";
  const plain = latinDigits(text, locale).replace(/\p{Sc}|[\s'’]/gu, "");
  if (!/^\d[\d.,]*$/.test(plain) || plain.length > 15) return undefined;

  const withOneSeparator = /^(\d+)[.,](\d+)$/.exec(plain);
  let [whole, fraction] = withOneSeparator && withOneSeparator[2]!.length <= digits ? [withOneSeparator[1]!, withOneSeparator[2]!] : splitAt(plain, decimal === "," ? "," : ".");
  if (whole.length > 3 && /[.,]/.test(whole)) {
    if (!/^\d{1,3}([.,]\d{3})+$/.test(whole)) return undefined;
    whole = whole.replace(/[.,]/g, "");
  }
  if (!/^\d+$/.test(whole) || !/^\d*$/.test(fraction)) return undefined;
  if (fraction.replace(/0+$/, "").length > digits) return undefined;
  return Number(whole + fraction.slice(0, digits).padEnd(digits, "0"));
}

/**
 * Splits the text at the last separator, which belongs to neither part. Without a separator, the second part is empty.
 */
function splitAt(text: string, separator: string): [string, string] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Replaces the digits of the locale, such as Arabic ones, with `0` to `9`. */
function latinDigits(text: string, locale: string): string {
  const localDigits = formatter(locale, { useGrouping: false }).format(9876543210);
  return text.replace(/\p{Nd}/gu, (digit) => {
    const at = localDigits.indexOf(digit);
    return at < 0 ? digit : String(9 - at);
  });
}

/** Makes a formatter for the locale. If the page's language tag is empty or invalid, the formatter is for English. */
function formatter(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(locale || "en", options);
  } catch {
    return new Intl.NumberFormat("en", options);
  }
}
