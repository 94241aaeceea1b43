//! Checks the properties that a database must have after any interruption.

use std::collections::BTreeSet;
use std::time::Duration;

use keepopen::app::App;
use keepopen::contributions::{Contribution, Entry, Fact};
use keepopen::reports::{self, SealKey};
use keepopen::store::inbox::{EventRow, EventState};

use super::gifts::{booked_lines, expected_lines};

/// A violated property.
#[derive(Debug)]
#[expect(dead_code, reason = "failure messages show it")]
pub(crate) enum Violation {
    /// Acknowledged events that are missing.
    Lost(Vec<String>),
    /// The database can't be opened or is damaged.
    Damaged(String),
    /// An event is stored twice, was processed twice, or was processed only in part.
    NotOnce(String),
    /// The ledger does not follow from the events.
    Ledger(String),
    /// The product itself found these problems in its ledger.
    LedgerProblems(Vec<String>),
}

/// Checks that every acknowledged event is in the inbox exactly once.
pub(crate) fn check_nothing_lost(
    inbox: &[EventRow],
    acknowledged: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Violation> {
    let ids: BTreeSet<String> = inbox.iter().map(|it| it.id.clone()).collect();
    let lost: Vec<String> = acknowledged.difference(&ids).cloned().collect();
    if !lost.is_empty() {
        return Err(Violation::Lost(lost));
    }
    if ids.len() != inbox.len() {
        return Err(Violation::NotOnce(format!("{} rows for {} events", inbox.len(), ids.len())));
    }
    Ok(ids)
}

/// Waits until some process has processed the inbox.
pub(crate) async fn wait_until_processed(app: &App) {
    let everything = async {
        while app.store.inbox_rows().await.unwrap().iter().any(|it| it.state != "dead") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(120), everything).await.is_err() {
        let left = app.store.newest_events(Some(EventState::Waiting), 3).await.unwrap();
        panic!("the service must process all events, but these still wait: {left:?}");
    }
}

/// Checks that the inbox contains all acknowledged events, and that after processing, the ledger follows from the
/// inbox.
pub(crate) async fn check_database(app: &App, acknowledged: &BTreeSet<String>) -> Result<(), Violation> {
    let inbox = app.store.events().await.map_err(|error| Violation::Damaged(error.to_string()))?;
    let ids = check_nothing_lost(&inbox, acknowledged)?;
    if let Some(event) = inbox.iter().find(|it| it.state != "done" || it.attempts != 1 || it.error.is_some())
    {
        return Err(Violation::NotOnce(format!("{event:?}")));
    }
    let booked =
        booked_lines(app.store.entries().await.map_err(|error| Violation::Damaged(error.to_string()))?);
    let expected = expected_lines(&ids);
    if booked != expected {
        let missing: Vec<_> = expected.iter().filter(|line| !booked.contains(line)).collect();
        let twice: Vec<_> = booked.windows(2).filter(|two| two[0] == two[1]).collect();
        let unexpected: Vec<_> = booked.iter().filter(|line| !expected.contains(line)).collect();
        return Err(Violation::Ledger(format!(
            "missing: {missing:?}; twice: {twice:?}; unexpected: {unexpected:?}"
        )));
    }
    match reports::check_ledger(&app.store, &SealKey::of(&app.vault)).await {
        Ok(report) if report.is_correct() => Ok(()),
        Ok(report) => Err(Violation::LedgerProblems(report.problems)),
        Err(error) => Err(Violation::Damaged(error.to_string())),
    }
}

/// The state that must be equal in two services that received the same events.
#[derive(Debug, PartialEq)]
pub(crate) struct LedgerState {
    entries: Vec<Entry>,
    contributions: Vec<Contribution>,
    supporters: Vec<(String, i64)>,
    /// What Stripe said about its objects.
    facts: Vec<Fact>,
}

impl LedgerState {
    pub(crate) async fn of(app: &App) -> Self {
        Self {
            entries: app.store.entries().await.unwrap(),
            contributions: app.store.contributions().await.unwrap(),
            supporters: app.store.supporters().await.unwrap(),
            facts: app.store.facts().await.unwrap(),
        }
    }
}
