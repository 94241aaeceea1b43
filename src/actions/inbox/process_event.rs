//! Processes the inbox: turns stored events into ledger entries.

use crate::app::{App, Context, MachineWrite};
use crate::contributions::Fact;
use crate::store::inbox::{self, Waiting};
use crate::store::unbooked::{self, Reason};
use crate::store::{StoreError, Tx};
use crate::stripe::{
    BadShape, Envelope, Mentions, NotAnEvent, Report, mentions, read_event, read_fetched, subject,
};
use crate::telemetry::Processed;

use crate::actions::ledger::book_facts::{Booked, book_facts};
use crate::actions::ledger::emit_events::{Emitter, Recording};
use crate::actions::queue::fetch_object::FetchObject;
use crate::actions::queue::run_tasks::enqueue;
use crate::actions::service::catch_panic::{Panicked, catch_panic};

/// An event that failed this many times is dead: it stays in the inbox until somebody looks at it.
pub const MAX_TRIES: i64 = 12;
/// The number of events that are read in one query.
const BATCH: i64 = 100;

#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error(transparent)]
    NotAnEvent(#[from] NotAnEvent),
    #[error(transparent)]
    Shape(#[from] BadShape),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

/// Processes every event that is due. Returns the number of events.
///
/// If an event fails, the error is stored with it, and it is tried again after a wait that grows with each try. Other
/// events don't wait for it. A service that is stopping leaves the remaining events to its next start.
///
/// # Errors
/// The database does not answer.
pub async fn process_due_events(app: &App, context: &Context<'_>) -> Result<usize, StoreError> {
    process_events_with::<Recording>(app, context).await
}

/// Processes every event that is due, like [`process_due_events`], but with the emitter `E`.
///
/// # Errors
/// The database does not answer.
pub async fn process_events_with<E: Emitter>(app: &App, context: &Context<'_>) -> Result<usize, StoreError> {
    let mut processed = 0;
    loop {
        let due = app.store.due_events(app.now_ms(), BATCH).await?;
        if due.is_empty() {
            return Ok(processed);
        }
        for id in due {
            if app.is_stopping() {
                return Ok(processed);
            }
            processed += 1;
            process_event::<E>(app, context, &id).await?;
        }
    }
}

/// Processes one event, if it is still waiting. If this fails, the error is stored with the event.
///
/// # Errors
/// The database does not answer, or does not accept writes. The event then keeps waiting.
pub async fn process_event<E: Emitter>(app: &App, context: &Context<'_>, id: &str) -> Result<(), StoreError> {
    let outcome = match catch_panic(process::<E>(app, context, id))
        .await
        .unwrap_or_else(|panicked| Err(panicked.into()))
    {
        Ok((mut booked, outcome)) => {
            booked.announce(app);
            outcome
        }
        // The event did not cause the failure, so the try is not counted.
        Err(ProcessError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
        Err(error) => record_failure(app, context, id, &error).await?,
    };
    if let Some(outcome) = outcome {
        app.metrics.events_processed.count(outcome);
    }
    Ok(())
}

/// Processes the event. Returns no outcome if another worker processed it first.
async fn process<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    id: &str,
) -> Result<(Booked, Option<Processed>), ProcessError> {
    let mut tx = context.machine_write(MachineWrite::Booking).await?;
    let Some(event) = inbox::waiting_event(&mut tx, id).await? else { return Ok((Booked::default(), None)) };
    let nothing_booked = Booked::default;
    let mut is_fetched_later = false;
    let (booked, outcome, outcome_text) = match read_report(&event) {
        Ok(Report::Nothing) => (nothing_booked(), Processed::NothingToBook, "nothing to book".to_owned()),
        Ok(Report::ConnectedAccount) => {
            (nothing_booked(), Processed::NotOurs, "not ours: from a connected account".to_owned())
        }
        Ok(Report::Named { object, id: named, may_be_elsewhere }) => {
            let task = FetchObject { event: event.id.clone(), object, id: named, may_be_elsewhere };
            enqueue(&mut tx, &task, app.now_ms()).await?;
            is_fetched_later = true;
            (nothing_booked(), Processed::NothingToBook, "its object will be fetched".to_owned())
        }
        Ok(Report::Facts(facts)) => book::<E>(app, &mut tx, &event, facts).await?,
        Err(error) => {
            let mentions = mentions(&event.body);
            if concerns_us(app, &mut tx, &mentions).await? {
                return Err(error);
            }
            let objects = mentions.ids.iter().map(String::as_str);
            unbooked::record(&mut tx, id, objects, Reason::Unreadable).await?;
            (nothing_booked(), Processed::NotOurs, format!("not ours: it can't be read ({error})"))
        }
    };
    inbox::mark_done(&mut tx, id, &outcome_text).await?;
    tx.commit().await?;
    if is_fetched_later {
        app.task_added.notify_one();
    }
    if booked.has_requeued_events {
        app.inbox_notify.notify_one();
    }
    // Each event reaches this line only once, however often it is tried. Stripe also reports a failed charge in an
    // event of the payment intent, which is not counted.
    if event.kind == "charge.failed" {
        app.metrics.declines.increment(1);
    }
    Ok((booked, Some(outcome)))
}

/// Books an event. Returns the result twice: as a metric label and as text.
async fn book<E: Emitter>(
    app: &App,
    tx: &mut Tx,
    event: &Waiting,
    facts: Vec<Fact>,
) -> Result<(Booked, Processed, String), ProcessError> {
    let ids: Vec<String> =
        facts.iter().filter(|fact| fact.is_of_a_gift()).map(|fact| fact.id().to_owned()).collect();
    let unknown = facts.iter().find_map(|fact| match fact {
        Fact::UnknownCurrency(it) => it.still_unknown().map(str::to_owned),
        _ => None,
    });
    let booked = book_facts::<E>(app, tx, facts).await?;
    let objects = ids.iter().map(String::as_str);
    let (outcome, outcome_text) = if !booked.contributions.is_empty() {
        match unknown {
            None => (Processed::Booked, "booked".to_owned()),
            Some(code) => {
                unbooked::record(tx, &event.id, objects, Reason::UnknownCurrency).await?;
                (Processed::Booked, format!("not booked: unknown currency {code}"))
            }
        }
    } else if ids.is_empty() {
        (Processed::NothingToBook, "nothing to book".to_owned())
    } else {
        unbooked::record(tx, &event.id, objects, Reason::NotOurs).await?;
        let outcome_text = booked.other_site.as_ref().map_or_else(
            || "not ours".to_owned(),
            |site| format!("not ours: the site {site} is not configured here"),
        );
        (Processed::NotOurs, outcome_text)
    };
    Ok((booked, outcome, outcome_text))
}

/// Returns whether an unreadable event is about one of our gifts. If not, it may come from other software on the same
/// account.
async fn concerns_us(app: &App, tx: &mut Tx, mentions: &Mentions) -> Result<bool, StoreError> {
    if mentions.has_malformed_metadata || mentions.sites.iter().any(|site| app.site(site).is_some()) {
        return Ok(true);
    }
    for id in &mentions.ids {
        if unbooked::is_of_a_gift(tx, id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads what a row of the inbox reports. The row contains an event, or an object that was fetched from Stripe.
fn read_report(event: &Waiting) -> Result<Report, ProcessError> {
    // An event that was fetched from Stripe's event list is an event too, not a fetched object.
    if event.id.starts_with("fetched_") {
        return Ok(read_fetched(&event.body, event.created_at_ms / 1000)?);
    }
    Ok(read_event(&Envelope::read(&event.body)?)?)
}

/// Stores the error with the event, and when to try again. Returns `None` if another worker processed the event first.
async fn record_failure(
    app: &App,
    context: &Context<'_>,
    id: &str,
    error: &ProcessError,
) -> Result<Option<Processed>, StoreError> {
    let mut tx = context.machine_write(MachineWrite::Booking).await?;
    let Some(event) = inbox::waiting_event(&mut tx, id).await? else { return Ok(None) };
    let tries = event.attempts + 1;
    let next_try_at_ms = (tries < MAX_TRIES).then(|| app.now_ms() + wait_ms(tries));
    inbox::record_failure(&mut tx, id, &error.to_string(), next_try_at_ms).await?;
    if next_try_at_ms.is_none() {
        let subject = subject(&event.body);
        unbooked::record(&mut tx, id, subject.as_deref(), Reason::Dead).await?;
    }
    tx.commit().await?;
    if next_try_at_ms.is_some() {
        tracing::warn!(event = id, tries, %error, "an event could not be processed; it will be retried");
        return Ok(Some(Processed::Failed));
    }
    tracing::error!(event = id, tries, %error, "an event failed too often and is dead; fix the cause, then run `keepopen events replay`");
    Ok(Some(Processed::Dead))
}

/// Returns the wait before the next try: 1 s, 4 s, 16 s … up to an hour.
fn wait_ms(tries: i64) -> i64 {
    let exponent = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    4_i64.checked_pow(exponent).map_or(3_600_000, |wait_s| wait_s.saturating_mul(1000).min(3_600_000))
}
