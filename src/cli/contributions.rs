//! `keepopen contributions`: lists contributions, and exports payments.

use std::io::Write;

use clap::Subcommand;

use super::{CommandError, runtime, say};
use crate::clock::{parse_time_ms, rfc3339};
use crate::contributions::{Contribution, ContributionState, Frequency};
use crate::money::Currency;
use crate::reports::PaymentsExport;
use crate::sites::Settings;
use crate::store::Store;
use crate::store::pages::{ContributionFilter, Cursor, PaymentFilter};

#[derive(Subcommand)]
pub enum Verb {
    /// List contributions, newest first, one per line: id, site, terms, state, start, end of the paid period,
    /// subscription and customer at Stripe.
    List(ListFilter),
    /// Print payments as CSV, one per line, oldest first. The table contains no email or postal addresses.
    Export {
        /// Payments at or after this day (2026-01-31, UTC) or time (2026-01-31T08:00:00Z).
        #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
        from: Option<i64>,
        /// Payments before this day or time; the day itself is not included.
        #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
        to: Option<i64>,
        /// Only payments to this site.
        #[arg(long, value_name = "ID")]
        site: Option<String>,
    },
}

#[derive(clap::Args)]
pub struct ListFilter {
    /// Only recurring contributions that will be charged again.
    #[arg(long)]
    running: bool,
    /// Only contributions in this currency (EUR).
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// Only contributions to this site.
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Only contributions in this state, such as active, past_due or ended.
    #[arg(long, value_parser = parse_state)]
    state: Option<ContributionState>,
    /// Only contributions with this interval: once, day, week, month, year or mixed.
    #[arg(long)]
    interval: Option<String>,
    /// With --interval, the number of days, weeks, months or years between two payments.
    #[arg(long, value_name = "NUMBER", requires = "interval", default_value_t = 1)]
    interval_count: i64,
    /// Only contributions that began at or after this day (2026-01-31, UTC) or time (2026-01-31T08:00:00Z).
    #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
    from: Option<i64>,
    /// Only contributions that began before this day or time.
    #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
    to: Option<i64>,
}

/// The number of contributions that are read in one query.
const BATCH: i64 = 500;

/// Parses the value of `--state`.
fn parse_state(text: &str) -> Result<ContributionState, String> {
    ContributionState::parse(text).ok_or_else(|| {
        format!("write one of {}", ContributionState::ALL.map(ContributionState::as_str).join(", "))
    })
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let outcome = match verb {
            Verb::List(filter) => list(&store, filter).await,
            Verb::Export { from, to, site } => {
                let filter = PaymentFilter { site: site.clone(), from_ms: *from, to_ms: *to };
                export(PaymentsExport::new(store.clone(), filter)).await
            }
        };
        store.close().await;
        outcome
    })
}

async fn list(store: &Store, filter: &ListFilter) -> Result<(), CommandError> {
    let interval = filter.interval.as_deref().map(|text| {
        Frequency::parse(text, filter.interval_count)
            .ok_or("--interval must be once, day, week, month, year or mixed, and --interval-count must be at least 1")
    });
    let query = ContributionFilter {
        site: filter.site.clone(),
        state: filter.state,
        frequency: interval.transpose()?,
        currency: filter.currency,
        running: filter.running,
        supporter: None,
        from_ms: filter.from,
        to_ms: filter.to,
    };
    let (mut after, mut count) = (None, 0_u64);
    loop {
        let page = store.contributions_after(&query, after.as_ref(), BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(Cursor::of(last));
        for it in &page {
            say(&line(it))?;
            count += 1;
        }
    }
    say(&match count {
        0 => "No contributions match.".to_owned(),
        1 => "1 contribution".to_owned(),
        _ => format!("{count} contributions"),
    })
}

/// One line of the list, as described in the help.
fn line(it: &Contribution) -> String {
    let terms = it.money.map_or_else(|| it.frequency.to_text(), |money| it.frequency.terms(money));
    let mut fields = vec![
        it.id.as_str().to_owned(),
        it.site.clone(),
        terms,
        it.state.as_str().to_owned(),
        format!("since {}", it.started_at_ms.map_or_else(|| "?".to_owned(), rfc3339)),
    ];
    fields.extend(it.paid_until_ms.map(|at_ms| format!("paid until {}", rfc3339(at_ms))));
    fields.extend(it.ended_at_ms.map(|at_ms| format!("ended {}", rfc3339(at_ms))));
    fields.extend(it.subscription.iter().chain(&it.customer).cloned());
    fields.join("  ")
}

async fn export(mut export: PaymentsExport) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    while let Some(page) = export.next_page().await? {
        out.write_all(page.as_bytes())?;
    }
    Ok(out.flush()?)
}
