//! `keepopen books`: checks, seals and recomputes the ledger.

use clap::Subcommand;

use super::{CommandError, Opened, count_of, runtime, say};
use crate::actions;
use crate::clock::Clock;
use crate::money::Money;
use crate::reports::{self, LedgerReport, SealKey, SealState};
use crate::sites::Settings;

#[derive(Subcommand)]
pub enum Verb {
    /// Check the ledger against Stripe's events, Stripe's balance and the last seal. Exits with 1 if there is a
    /// problem.
    Check,
    /// Seal the entries that are booked now, so that a later change of these entries is detected. The running service
    /// does this each night. A ledger with problems is not sealed.
    Seal,
    /// Recompute contributions and payments from the stored data of Stripe's objects. Booked entries are never changed.
    Rewrite,
}

pub fn run(verb: &Verb, settings: Settings) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        if let Verb::Rewrite = verb {
            let app = actions::start(settings, Clock::System).await?;
            let contributions = actions::rebuild_projections(&app, &app.as_operator()).await;
            app.store.close().await;
            return say(&format!("Rewrote {}.", count_of(contributions?, "contribution")));
        }
        let opened = Opened::open(&settings).await?;
        let vault = actions::open_vault(&settings, &opened.store).await?;
        let outcome = check_or_seal(verb, &opened, &SealKey::of(&vault)).await;
        opened.store.close().await;
        outcome
    })
}

/// Checks the ledger. With [`Verb::Seal`], seals it if it has no problem.
async fn check_or_seal(verb: &Verb, opened: &Opened<'_>, key: &SealKey) -> Result<(), CommandError> {
    let report = reports::check_ledger(&opened.store, key).await?;
    say(&report_text(&report))?;
    if !report.is_correct() {
        let problems = count_of(report.problems_total as u64, "problem");
        return Err(format!("the check found {problems}, listed above").into());
    }
    if let Verb::Seal = verb {
        let seal = actions::seal_ledger(&opened.context(), key).await?;
        say(&format!("Sealed: {} entries, digest {}", seal.entries, seal.digest))?;
    }
    Ok(())
}

fn report_text(report: &LedgerReport) -> String {
    let mut lines = vec![format!("{} contributions, {} entries", report.contributions, report.entries)];
    for ((site, currency), balance) in &report.balances {
        let decimal = |amount_minor| Money { amount_minor, currency: *currency }.decimal();
        let mut line = format!(
            "{site} {currency}: Stripe says {} net, the ledger says {}",
            decimal(balance.net_minor),
            decimal(balance.clearing_minor - balance.unsettled_minor)
        );
        if balance.unsettled_minor != 0 {
            line += &format!(
                "; {} more is recorded but not yet settled by Stripe",
                decimal(balance.unsettled_minor)
            );
        }
        line += &format!(
            "; {} at the bank, {} at Stripe",
            decimal(balance.paid_out_minor),
            decimal(balance.clearing_minor - balance.paid_out_minor)
        );
        lines.push(line);
    }
    lines.push(match &report.seal {
        SealState::None => "Seal: none yet; a running service creates one each night".to_owned(),
        SealState::Matches(seal) => {
            let at = jiff::Timestamp::from_millisecond(seal.made_at_ms)
                .map_or_else(|_| String::new(), |at| at.to_string());
            format!("Seal: the {} entries sealed at {at} are unchanged", seal.entries)
        }
        SealState::Broken(_) => "Seal: broken".to_owned(),
    });
    for (id, alarm) in &report.alarms {
        lines.push(format!("Needs review: {id}: {alarm}"));
    }
    for sentence in &report.problems {
        lines.push(format!("Wrong: {sentence}"));
    }
    if report.is_correct() {
        lines.push("The ledger is correct.".to_owned());
    }
    lines.join("\n")
}
