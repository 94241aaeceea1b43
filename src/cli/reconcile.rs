//! `keepopen reconcile` compares the ledger with Stripe. `keepopen rebuild` fills an empty database from Stripe's data.

use jiff::Timestamp;

use super::{CommandError, runtime, say};
use crate::actions::{self, SweepStats};
use crate::clock::{Clock, ago, parse_time_ms};
use crate::money::{Currency, Money};
use crate::reports::{self, Comparison};
use crate::sites::Settings;

#[derive(clap::Args)]
pub struct Options {
    /// Compare everything that Stripe created at or after this day (2026-01-31, UTC) or time (2026-01-31T08:00:00Z)
    /// [default: events and the balance each time, and objects once a day].
    #[arg(long, value_name = "DATE", value_parser = parse_time_ms)]
    since: Option<i64>,
    /// Only show the result of the last comparison, without asking Stripe.
    #[arg(long, conflicts_with = "since")]
    show: bool,
}

pub fn reconcile(options: &Options, settings: Settings) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        let app = actions::start(settings, Clock::System).await?;
        let outcome = async {
            let mut unread_lists = Vec::new();
            if !options.show {
                require_stripe_key(&app.stripe)?;
                actions::record_reconciliation(&app.as_operator(), options.since).await?;
                let stats = match options.since {
                    Some(since_ms) => {
                        let (since_s, records_missed) = (since_ms.div_euclid(1000), true);
                        actions::reconcile_since(&app, &app.as_operator(), since_s, records_missed).await?
                    }
                    None => actions::reconcile_due(&app, &app.as_operator()).await?,
                };
                print_stats(&stats)?;
                actions::process_due_events(&app, &app.as_operator()).await?;
                unread_lists = stats.failed.into_iter().map(|it| it.list).collect();
            }
            print_comparison(
                &reports::compare_with_stripe(&app.store, app.now_ms()).await?,
                unread_lists,
                app.now_ms(),
            )
        }
        .await;
        app.store.close().await;
        outcome
    })
}

pub fn rebuild(settings: Settings) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        let app = actions::start(settings, Clock::System).await?;
        let outcome = async {
            require_stripe_key(&app.stripe)?;
            let stats = actions::rebuild(&app, &app.as_operator()).await?;
            print_stats(&stats)?;
            let unread_lists = stats.failed.into_iter().map(|it| it.list).collect();
            print_comparison(
                &reports::compare_with_stripe(&app.store, app.now_ms()).await?,
                unread_lists,
                app.now_ms(),
            )
        }
        .await;
        app.store.close().await;
        outcome
    })
}

/// Fails if the settings contain no Stripe key.
fn require_stripe_key(stripe: &crate::stripe::Gateway) -> Result<(), CommandError> {
    if stripe.is_configured() {
        Ok(())
    } else {
        Err("no Stripe key is configured; set stripe.secret_key".into())
    }
}

/// Prints how many objects were read from Stripe, and which of its lists could not be read.
fn print_stats(stats: &SweepStats) -> Result<(), CommandError> {
    if stats.resumed {
        say("An earlier comparison was interrupted; this one resumed it.")?;
    }
    say(&format!("{} objects read, {} of them new or changed.", stats.objects_read, stats.stored))?;
    for failed in &stats.failed {
        say(&format!("Not complete: the list of {} could not be read: {}", failed.list, failed.why))?;
    }
    Ok(())
}

/// Prints the result of a comparison. Fails if Stripe and the ledger differ, or if one of Stripe's lists could not be
/// read. `unread_lists` contains the names of the lists that this command could not read.
fn print_comparison(
    comparison: &Comparison,
    mut unread_lists: Vec<String>,
    now_ms: i64,
) -> Result<(), CommandError> {
    let (mut differing_sums, mut overdue_payments) = (0, 0);
    for line in &comparison.lines {
        let currency = Currency::parse(&line.currency)?;
        let decimal = |amount_minor| Money { amount_minor, currency }.decimal();
        let mut text = format!(
            "{} {}: Stripe says {} net, we say {}",
            line.site,
            line.currency,
            decimal(line.stripe_net_minor),
            decimal(line.ledger_net_minor)
        );
        if line.difference_minor() != 0 {
            differing_sums += 1;
            text += &format!(
                "; difference (the ledger's sum minus Stripe's sum): {}",
                decimal(line.difference_minor())
            );
        }
        if line.unsettled_minor != 0 {
            text += &format!(
                "; {} more is recorded but not yet settled by Stripe",
                decimal(line.unsettled_minor)
            );
        }
        if line.overdue != 0 {
            overdue_payments += line.overdue;
            text += &format!(
                "; {} of {} payments should have been settled by now",
                decimal(line.overdue_minor),
                line.overdue
            );
        }
        if line.offline_minor != 0 {
            text += &format!("; {} was paid outside Stripe", decimal(line.offline_minor));
        }
        text += &format!("; {} was paid out to the bank", decimal(line.paid_out_minor));
        say(&text)?;
    }
    say(&format!(
        "Last comparison of the balance: {}; of the objects: {}.",
        ago(comparison.checked_at_ms, now_ms),
        ago(comparison.objects_checked_at_ms, now_ms)
    ))?;
    for (id, alarms) in &comparison.needs_review {
        say(&format!("Needs review: {id}: {}", serde_json::to_string(alarms)?))?;
    }
    if usize::try_from(comparison.needs_review_total)? > comparison.needs_review.len() {
        let (shown, total) = (comparison.needs_review.len(), comparison.needs_review_total);
        say(&format!("These are the first {shown} of {total} contributions that need review."))?;
    }
    for finding in &comparison.found {
        let at = Timestamp::from_millisecond(finding.found_at_ms)?;
        let (object, what) = (&finding.object, &finding.what);
        say(&if finding.booked {
            format!(
                "Found during reconciliation on {at}: {object} ({what}), which no webhook reported; it is now recorded"
            )
        } else {
            format!("Check with Stripe: {object} ({what}), found on {at}")
        })?;
    }
    for other in &comparison.other_money {
        let amount_minor = other.amount_minor;
        let sum = Currency::parse(&other.currency)
            .map_or_else(|_| amount_minor.to_string(), |currency| Money { amount_minor, currency }.decimal());
        let site = other.site.as_ref().map_or_else(String::new, |site| format!(" (site {site})"));
        let newest = Timestamp::from_millisecond(other.newest_at_ms)?;
        let (count, kind, currency) = (other.count, &other.kind, &other.currency);
        say(&format!(
            "Other money on this account: kind {kind}{site}, number {count}, total {sum} {currency}, newest {newest}"
        ))?;
    }
    for list in &comparison.incomplete {
        if !unread_lists.contains(&list.list) {
            let (name, why) = (&list.list, list.error.as_deref().unwrap_or_default());
            say(&format!(
                "Not complete: the list of {name} could not be read in the last comparison: {why}"
            ))?;
            unread_lists.push(name.clone());
        }
    }
    if !unread_lists.is_empty() {
        let names = unread_lists.join(", ");
        return Err(format!("the comparison is not complete: the list of {names} is missing").into());
    }
    match (differing_sums, overdue_payments) {
        (0, 0) => Ok(()),
        (0, _) => Err(format!(
            "Stripe has not settled {overdue_payments} payments in the time that their methods allow; they are listed above"
        )
        .into()),
        _ => Err(format!("{differing_sums} sums differ from Stripe's; they are listed above").into()),
    }
}
