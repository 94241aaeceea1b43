//! `keepopen results`: prints the results of each appeal and variant.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{CommandError, runtime, say};
use crate::clock::Clock;
use crate::money::{Currency, Money};
use crate::reports::{self, MoneySums, Outcome, ResultsQuery};
use crate::sites::Settings;
use crate::store::Store;

#[derive(clap::Args)]
pub struct Options {
    /// The site's id [default: the only site].
    #[arg(long)]
    site: Option<String>,
    /// The first day, in the site's time zone [default: 29 days before the last].
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day [default: today].
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only this appeal.
    #[arg(long, value_name = "ID")]
    appeal: Option<String>,
    /// Also print one line per day.
    #[arg(long)]
    by_day: bool,
}

pub fn results(options: &Options, settings: &Settings) -> Result<(), CommandError> {
    let ids: Vec<&String> = settings.sites.keys().collect();
    let id = match (&options.site, ids.as_slice()) {
        (Some(id), _) => id,
        (None, [id]) => *id,
        (None, _) => return Err("there are several sites or none; name a site with --site".into()),
    };
    let site =
        settings.sites.get(id).ok_or("there is no such site; `keepopen check-config` shows the sites")?;
    let to = match options.to {
        Some(day) => day,
        None => {
            let now = Timestamp::from_millisecond(Clock::System.now_ms())?;
            TimeZone::get(&site.time_zone)?.to_datetime(now).date()
        }
    };
    let from = match options.from {
        Some(day) => day,
        None => to.checked_sub(29.days())?,
    };
    let query = ResultsQuery { site: id.clone(), from, to, appeal: options.appeal.clone() };
    let (rows, ignored_views) = runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let rows = reports::read_results(&store, site, &query).await;
        let ignored_views = store.ignored_views(id).await;
        store.close().await;
        Ok::<_, CommandError>((rows?, ignored_views?))
    })?;
    let mut table = vec![COLUMNS.map(str::to_owned).to_vec()];
    let totals = reports::totals(&rows);
    for ((appeal, variant), outcome) in &totals {
        table.push(line("all", appeal.as_deref(), variant.as_deref(), outcome));
    }
    if options.by_day {
        for (key, outcome) in &rows {
            table.push(line(&key.day.to_string(), key.appeal.as_deref(), key.variant.as_deref(), outcome));
        }
    }
    say(&format!("{id}, {from} to {to} ({})\n{}", site.time_zone, aligned(&table)))?;
    for row in ignored_views {
        say(&format!(
            "{}: {} first views do not fit the split between the appeal's variants, so its weights are learned without these views.",
            row.appeal, row.views
        ))?;
    }
    Ok(())
}

/// The names of the table's columns.
const COLUMNS: [&str; 11] = [
    "day",
    "appeal",
    "variant",
    "readers",
    "views",
    "clicks",
    "dismissals",
    "checkouts",
    "gifts",
    "received",
    "net",
];

/// One line of the table.
fn line(day: &str, appeal: Option<&str>, variant: Option<&str>, outcome: &Outcome) -> Vec<String> {
    let counts = [
        outcome.readers,
        outcome.views,
        outcome.clicks,
        outcome.dismissals,
        outcome.checkouts,
        outcome.gifts,
    ];
    let mut cells = vec![day.to_owned(), appeal.unwrap_or("-").to_owned(), variant.unwrap_or("-").to_owned()];
    cells.extend(counts.map(|count| count.to_string()));
    cells.push(money(outcome, |sums| sums.received_minor));
    cells.push(money(outcome, |sums| sums.net_minor));
    cells
}

/// Formats sums of money, for example `12.00 EUR, 5.00 USD`. Amounts in different currencies are never added.
fn money(outcome: &Outcome, amount_of: impl Fn(&MoneySums) -> i64) -> String {
    let amounts = outcome.money.iter().map(|(code, sums)| match Currency::parse(code) {
        Ok(currency) => format!("{} {code}", Money { amount_minor: amount_of(sums), currency }.decimal()),
        // This is not expected, because the ledger reads its currencies with the same parser.
        Err(_) => format!("{} {code} (minor unit)", amount_of(sums)),
    });
    let text = amounts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Formats a table with aligned columns. Texts are aligned to the left, and numbers to the right.
fn aligned(table: &[Vec<String>]) -> String {
    let width = |column: usize| table.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let format_line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0..=2 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(format_line).collect::<Vec<_>>().join("\n")
}
