//! Writes the report as a table in 80 columns.

use std::cmp::Ordering;
use std::fmt::{Display, Write};

use super::report::{Bar, Outcome, Report, VariantCount};

/// The width of a row's name.
const NAME: usize = 35;
/// The width of each number.
const NUMBER: usize = 14;

/// Returns the report as a table in 80 columns, without a line break after the last row.
pub fn table(report: &Report) -> String {
    let mut table = Table { text: String::new(), draft: &report.draft, live: &report.live };
    table.head(report);
    table.readers(report);
    table.asks();
    table.verdicts();
    table.variants();
    table.gifts();
    table.text.truncate(table.text.trim_end().len());
    table.text
}

/// The table that is being written. Each method adds lines to `text`.
struct Table<'r> {
    text: String,
    draft: &'r Outcome,
    live: &'r Outcome,
}

impl Table<'_> {
    fn line(&mut self, text: impl Display) {
        writeln!(self.text, "{text}").expect("writing to a String must succeed");
    }

    fn heading(&mut self, text: &str) {
        self.line(format_args!("\n{text}"));
    }

    fn head(&mut self, report: &Report) {
        let day = |at: &Option<String>| at.as_deref().map_or("?", |at| at.get(..10).unwrap_or(at)).to_owned();
        let (page_views, readers) = (with_commas(report.page_views), with_commas(report.readers));
        self.line(format_args!("{page_views} page views of {readers} readers"));
        if report.page_views > 0 {
            self.line(format_args!(
                "{} to {} (UTC), seed {}",
                day(&report.first_at),
                day(&report.last_at),
                report.seed
            ));
        }
        self.line(format_args!("\n{:<7}{}", "from", report.page_views_from));
        for (name, outcome) in [("draft", self.draft), ("live", self.live)] {
            self.line(format_args!("{name:<7}{}", outcome.source));
            for (what, ids) in
                [("taken as live", &outcome.taken_as_live), ("invalid, skipped", &outcome.left_out)]
            {
                if !ids.is_empty() {
                    self.line(format_args!("       {what}: {}", ids.join(", ")));
                }
            }
        }
    }

    fn readers(&mut self, report: &Report) {
        self.line(format_args!(
            "\n{:NAME$}{:>NUMBER$}{:>NUMBER$}{:>NUMBER$}",
            "Readers", "draft", "live", "difference"
        ));
        let all = with_commas(report.readers);
        self.line(format_args!("  {:w$}{all:>NUMBER$}{all:>NUMBER$}", "who visited", w = NAME - 2));
        self.counts("asked at least once", |outcome| outcome.readers_asked);
        self.shares("", |outcome| Some(outcome.readers_asked_share));
    }

    fn asks(&mut self) {
        self.heading("How often a reader was asked");
        self.bars(|outcome| &outcome.readers_by_asks);
        self.means("mean over all", |outcome| outcome.asks_per_reader_mean);
        self.means("mean over those asked", |outcome| outcome.asks_per_reader_asked.mean);
        self.counts("median of those asked", |outcome| outcome.asks_per_reader_asked.median.into());
        self.counts("90th percentile of those asked", |outcome| outcome.asks_per_reader_asked.p90.into());
        self.counts("maximum", |outcome| outcome.asks_per_reader_asked.most.into());
        self.counts("maximum within 7 days", |outcome| outcome.most_asks_in_7_days.into());
        self.counts("maximum within 30 days", |outcome| outcome.most_asks_in_30_days.into());
        self.heading("How often a reader was asked in a week (only weeks with a visit)");
        self.bars(|outcome| &outcome.reader_weeks_by_asks);
    }

    fn verdicts(&mut self) {
        self.heading("Page views by verdict (matched: an appeal was shown)");
        let mut reasons: Vec<&str> = Vec::new();
        for verdict in self.draft.verdicts.iter().chain(&self.live.verdicts) {
            if !reasons.contains(&verdict.reason) {
                reasons.push(verdict.reason);
            }
        }
        for reason in reasons {
            self.shares(reason, |outcome| {
                let found = outcome.verdicts.iter().find(|verdict| verdict.reason == reason);
                Some(found.map_or(0.0, |verdict| verdict.share))
            });
        }
    }

    fn variants(&mut self) {
        self.heading("Appeals shown, and their variants' shares");
        self.counts("all", |outcome| outcome.views);
        let mut known: Vec<&VariantCount> = Vec::new();
        let (draft, live) = (self.draft, self.live);
        for variant in draft.variants.iter().chain(&live.variants) {
            if !known.iter().any(|other| is_same(other, variant)) {
                known.push(variant);
            }
        }
        for variant in known {
            self.shares(&format!("{}, {}", variant.appeal, variant.variant), |outcome| {
                outcome.variants.iter().find(|other| is_same(other, variant)).map(|found| found.share)
            });
        }
    }

    fn gifts(&mut self) {
        let has_gifts = |outcome: &Outcome| outcome.gifts.once + outcome.gifts.recurring > 0;
        if has_gifts(self.draft) || has_gifts(self.live) {
            self.heading("Gifts in the simulation");
            self.counts("once", |outcome| outcome.gifts.once);
            self.counts("monthly or yearly", |outcome| outcome.gifts.recurring);
        }
    }

    fn bars(&mut self, bars_of: impl Fn(&Outcome) -> &[Bar]) {
        let names: Vec<String> = bars_of(self.draft)
            .iter()
            .map(|bar| {
                format!(
                    "{} {}",
                    bar.asks,
                    if bar.or_more {
                        "times or more"
                    } else if bar.asks == 1 {
                        "time"
                    } else {
                        "times"
                    }
                )
            })
            .collect();
        for (index, name) in names.iter().enumerate() {
            self.shares(name, |outcome| bars_of(outcome).get(index).map(|bar| bar.share));
        }
    }

    fn counts(&mut self, name: &str, value_of: impl Fn(&Outcome) -> u64) {
        let (draft, live) = (value_of(self.draft), value_of(self.live));
        let difference = match draft.cmp(&live) {
            Ordering::Greater => format!("+{}", with_commas(draft - live)),
            Ordering::Equal => "0".to_owned(),
            Ordering::Less => format!("-{}", with_commas(live - draft)),
        };
        self.row(name, &with_commas(draft), &with_commas(live), &difference);
    }

    fn means(&mut self, name: &str, value_of: impl Fn(&Outcome) -> f64) {
        let (draft, live) = (value_of(self.draft), value_of(self.live));
        self.row(name, &format!("{draft:.2}"), &format!("{live:.2}"), &signed(draft - live, 2));
    }

    /// Adds a row of shares in percent. Their difference is in percentage points. A missing value is a dash.
    fn shares(&mut self, name: &str, value_of: impl Fn(&Outcome) -> Option<f64>) {
        let (draft, live) = (value_of(self.draft), value_of(self.live));
        let formatted = |share: Option<f64>| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        let difference = match (draft, live) {
            (Some(draft), Some(live)) => format!("{} pt", signed((draft - live) * 100.0, 1)),
            _ => String::new(),
        };
        self.row(name, &formatted(draft), &formatted(live), &difference);
    }

    fn row(&mut self, name: &str, draft: &str, live: &str, difference: &str) {
        let width = NAME - 3;
        let mut name = name.to_owned();
        if name.chars().count() > width {
            name = name.chars().take(width - 1).chain(['…']).collect();
        }
        let row = format!("  {name:width$} {draft:>NUMBER$}{live:>NUMBER$}{difference:>NUMBER$}");
        self.line(row.trim_end());
    }
}

fn is_same(one: &VariantCount, other: &VariantCount) -> bool {
    (&one.appeal, &one.variant) == (&other.appeal, &other.variant)
}

/// Returns a number as text, with its sign unless all displayed digits are zeros.
fn signed(number: f64, decimals: usize) -> String {
    let text = format!("{number:+.decimals$}");
    let is_zero = !text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    if is_zero { text[1..].to_owned() } else { text }
}

/// Returns a number as text, with commas between thousands.
pub(super) fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_rounds_to_zero_has_no_sign() {
        let texts = [0.0, -0.04, 0.04, 0.06, -12.25].map(|number| signed(number, 1));
        assert_eq!(texts, ["0.0", "0.0", "0.0", "+0.1", "-12.2"]);
    }

    #[test]
    fn thousands_are_separated_by_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(with_commas), ["0", "999", "1,000", "1,234,567"]);
    }
}
