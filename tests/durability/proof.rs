//! Checks the properties that a database must have after any interruption.

use std::collections::BTreeSet;
use std::time::Duration;

use keepopen::app::App;
use keepopen::contributions::{Contribution, Entry, Fact};
use keepopen::reports::{self, SealKey};
use keepopen::store::inbox::{EventRow, EventState};

use super::gifts::{booked_from, lines};

/// A violated property.
#[derive(Debug)]
#[expect(dead_code, reason = "failure messages show it")]
pub(crate) enum Wrong {
    /// Acknowledged events that are missing.
    Lost(Vec<String>),
    /// The database can't be opened or is damaged.
    Damaged(String),
    /// An event is stored twice, was processed twice, or was processed only in part.
    NotOnce(String),
    /// The ledger does not follow from the events.
    Ledger(String),
    /// The product itself found a problem in its ledger.
    LedgerState(Vec<String>),
}

/// Checks that every acknowledged event is in the inbox exactly once.
pub(crate) fn nothing_is_lost(
    inbox: &[EventRow],
    acknowledged: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Wrong> {
    let ids: BTreeSet<String> = inbox.iter().map(|it| it.id.clone()).collect();
    let lost: Vec<String> = acknowledged.difference(&ids).cloned().collect();
    if !lost.is_empty() {
        return Err(Wrong::Lost(lost));
    }
    if ids.len() != inbox.len() {
        return Err(Wrong::NotOnce(format!("{} rows for {} events", inbox.len(), ids.len())));
    }
    Ok(ids)
}

/// Waits until some process has processed the inbox.
pub(crate) async fn everything_is_processed(app: &App) {
    let everything = async {
        while app.store.inbox_rows().await.unwrap().iter().any(|it| it.state != "dead") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(120), everything).await.is_err() {
        let left = app.store.newest_events(Some(EventState::Waiting), 3).await.unwrap();
        panic!("the service does not process these events: {left:?}");
    }
}

/// Checks that the inbox contains all acknowledged events, and that after processing, the ledger follows from the
/// inbox.
pub(crate) async fn examine(app: &App, acknowledged: &BTreeSet<String>) -> Result<(), Wrong> {
    let inbox = app.store.events().await.map_err(|error| Wrong::Damaged(error.to_string()))?;
    let ids = nothing_is_lost(&inbox, acknowledged)?;
    if let Some(odd) = inbox.iter().find(|it| it.state != "done" || it.attempts != 1 || it.error.is_some()) {
        return Err(Wrong::NotOnce(format!("{odd:?}")));
    }
    let booked = lines(app.store.entries().await.map_err(|error| Wrong::Damaged(error.to_string()))?);
    let right = booked_from(&ids);
    if booked != right {
        let missing: Vec<_> = right.iter().filter(|line| !booked.contains(line)).collect();
        let twice: Vec<_> = booked.windows(2).filter(|two| two[0] == two[1]).collect();
        let odd: Vec<_> = booked.iter().filter(|line| !right.contains(line)).collect();
        return Err(Wrong::Ledger(format!("missing: {missing:?}; twice: {twice:?}; not right: {odd:?}")));
    }
    match reports::check_ledger(&app.store, &SealKey::of(&app.vault)).await {
        Ok(report) if report.is_right() => Ok(()),
        Ok(report) => Err(Wrong::LedgerState(report.wrong)),
        Err(error) => Err(Wrong::Damaged(error.to_string())),
    }
}

/// The state that must be equal in two services that received the same events.
#[derive(Debug, PartialEq)]
pub(crate) struct LedgerState {
    entries: Vec<Entry>,
    contributions: Vec<Contribution>,
    supporters: Vec<(String, i64)>,
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
