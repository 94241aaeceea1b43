//! `keepopen contributions`

use std::io::Write;

use clap::Subcommand;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Stopped, runtime};
use crate::actions::PaymentsExport;
use crate::config::Settings;
use crate::store::Store;
use crate::store::pages::WantedPayments;

#[derive(Subcommand)]
pub enum Verb {
    /// Print payments as CSV, one line for each, the oldest first. No address stands in it.
    Export {
        /// Payments of this day or later (2026-01-31, UTC), or of this instant (2026-01-31T08:00:00Z).
        #[arg(long, value_name = "DATE", value_parser = instant)]
        from: Option<i64>,
        /// Payments before this day or instant; the day itself is left out.
        #[arg(long, value_name = "DATE", value_parser = instant)]
        to: Option<i64>,
        /// Only payments to this site.
        #[arg(long, value_name = "ID")]
        site: Option<String>,
    },
}

/// In milliseconds since 1970.
fn instant(text: &str) -> Result<i64, String> {
    let day = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok();
    let at = text.parse::<Timestamp>().ok().or_else(day);
    at.map(Timestamp::as_millisecond)
        .ok_or_else(|| "a day as in 2026-01-31, or 2026-01-31T08:00:00Z".to_owned())
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), Stopped> {
    let Verb::Export { from, to, site } = verb;
    let wanted = WantedPayments { site: site.clone(), from_ms: *from, to_ms: *to };
    runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let outcome = print(PaymentsExport::new(store.clone(), wanted)).await;
        store.close().await;
        outcome
    })
}

async fn print(mut export: PaymentsExport) -> Result<(), Stopped> {
    let mut out = std::io::stdout().lock();
    while let Some(page) = export.next_page().await? {
        out.write_all(page.as_bytes())?;
    }
    Ok(out.flush()?)
}
