//! `keepopen events`: lists, shows and replays the Stripe events in the inbox. The inbox stores each event as it
//! arrived.

use clap::Subcommand;

use super::{CommandError, Opened, runtime, say};
use crate::actions;
use crate::sites::Settings;
use crate::store::inbox::{EventRow, EventState};

#[derive(Subcommand)]
pub enum Verb {
    /// List the newest events of the inbox, one per line: id, state, tries, type, and result.
    List {
        /// Only events that are waiting, done, quarantined or dead.
        #[arg(long, value_parser = parse_state)]
        state: Option<EventState>,
        /// The maximum number of events.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one event.
    Show {
        /// Stripe's id (evt_…).
        id: String,
        /// Print its raw body too, which contains personal data.
        #[arg(long)]
        body: bool,
    },
    /// Process an event again, as if it had just arrived. Booking an event twice changes nothing.
    Replay {
        /// Stripe's id (evt_…).
        id: String,
    },
}

/// Parses the value of `--state`.
fn parse_state(text: &str) -> Result<EventState, String> {
    EventState::parse(text).ok_or_else(|| "waiting, done, quarantined or dead".to_owned())
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        let opened = Opened::open(settings).await?;
        let outcome = act(verb, &opened).await;
        opened.store.close().await;
        outcome
    })
}

async fn act(verb: &Verb, opened: &Opened<'_>) -> Result<(), CommandError> {
    let store = &opened.store;
    match verb {
        Verb::List { state, limit } => {
            let rows = store.newest_events(*state, i64::from(*limit)).await?;
            if rows.is_empty() {
                return say("No events match.");
            }
            rows.iter().try_for_each(|row| say(&line(row)))
        }
        Verb::Show { id, body } => {
            let (row, text) = store.event(id).await?.ok_or_else(|| not_in_inbox(id))?;
            say(&line(&row))?;
            if *body { say(&text) } else { Ok(()) }
        }
        Verb::Replay { id } => {
            if !actions::replay_event(&opened.context(), id).await? {
                return Err(
                    format!("{id} is not in the inbox, or belongs to the other mode (test or live)").into()
                );
            }
            say(&format!("{id} is queued; a running service processes it within a second."))
        }
    }
}

fn not_in_inbox(id: &str) -> String {
    format!("{id} is not in the inbox; `keepopen events list` lists the events in the inbox")
}

/// One line of the list: id, state, tries, type, and result.
fn line(row: &EventRow) -> String {
    let result = row.error.as_deref().or(row.outcome.as_deref()).unwrap_or("not tried yet");
    format!("{}  {:<9}  {:>2}  {}  {result}", row.id, row.state, row.attempts, row.kind)
}
