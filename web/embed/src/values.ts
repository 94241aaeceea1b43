import { reworded } from "./blocks";
import type { Content, Ticker, Values, Words } from "./contract";
import { tickerNumber } from "./ticker";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Puts the values in place of `{article_count}` and the like, as people of that language write them. What is not known stays. */
export function filled<Some extends Content>(content: Some, values: Values | null | undefined, locale: string): Some {
  const fill = (text: string): string =>
    text.replace(/\{([a-z_]+)\}/g, (braced, name: string) => {
      const value = values?.[name as keyof Values] ?? undefined;
      return value === undefined ? braced : told(name, value, locale, content.ticker);
    });
  const words = <Part extends Words>(part: Part): Part => ({
    ...part,
    heading: fill(part.heading),
    body: part.body?.map((block) => reworded(block, fill)),
  });
  return {
    ...words(content),
    cta: content.cta && fill(content.cta),
    dismiss: content.dismiss && fill(content.dismiss),
    thanks: content.thanks && words(content.thanks),
  };
}

/** One value in words. */
function told(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
  for (const tag of [locale || "en", "en"]) {
    try {
      return write(name, value, tag, ticker);
    } catch {
      // A tag that this browser does not take, or a browser that has no such names.
    }
  }
  return String(value);
}

function write(name: string, value: string | number, locale: string, ticker?: Ticker | null): string {
  const day = (date: string | number, options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(new Date(date));
  switch (name) {
    case "country":
      return new Intl.DisplayNames(locale, { type: "region" }).of(String(value)) ?? String(value);
    case "currency":
      return new Intl.DisplayNames(locale, { type: "currency" }).of(String(value)) ?? String(value);
    case "date":
      return day(value, { dateStyle: "long" });
    case "weekday": {
      const place = WEEKDAYS.indexOf(String(value));
      // The first of January 2024 was a Monday.
      return day(place < 0 ? NaN : Date.UTC(2024, 0, 1 + place), { weekday: "long" });
    }
    case "ticker_percent":
      return new Intl.NumberFormat(locale, { style: "percent" }).format(Number(value) / 100);
    case "ticker_total":
    case "ticker_goal":
    case "ticker_left":
      return ticker ? tickerNumber(Number(value), ticker, locale, name === "ticker_left") : new Intl.NumberFormat(locale).format(Number(value));
    default:
      return new Intl.NumberFormat(locale).format(Number(value));
  }
}
