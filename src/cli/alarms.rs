//! `keepopen alarms`: lists and acknowledges alarms. An alarm marks a contribution that needs manual review.

use clap::Subcommand;

use super::{CommandError, Opened, runtime, say};
use crate::actions::{self, AcknowledgementRequest};
use crate::clock::rfc3339;
use crate::ids::AlarmId;
use crate::sites::Settings;
use crate::store::alarms::Acknowledgement;

/// The maximum number of contributions with open alarms, or of acknowledgements, that are printed.
const MAX_LISTED: i64 = 1_000;

#[derive(Subcommand)]
pub enum Verb {
    /// List the open alarms, one per line: the contribution, the alarm's id, the alarm's description, and every Stripe
    /// object that the alarm is about.
    List {
        /// List the acknowledged alarms instead, newest first.
        #[arg(long)]
        acknowledged: bool,
    },
    /// Acknowledge an alarm after you have reviewed it. It is then no longer counted. If the facts behind it change, a
    /// new alarm opens.
    Acknowledge {
        /// The alarm's id (alm_…).
        id: AlarmId,
        /// Who reviewed it.
        #[arg(long)]
        name: String,
        /// What you found.
        #[arg(long)]
        reason: String,
    },
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
    match verb {
        Verb::List { acknowledged: false } => {
            let open = opened.store.open_alarms(MAX_LISTED).await?;
            if open.is_empty() {
                return say("There are no open alarms.");
            }
            open.iter().try_for_each(|(contribution, alarm)| say(&format!("{contribution}  {alarm}")))
        }
        Verb::List { acknowledged: true } => {
            let acknowledgements = opened.store.newest_acknowledgements(MAX_LISTED).await?;
            if acknowledgements.is_empty() {
                return say("No alarm has been acknowledged.");
            }
            acknowledgements.iter().try_for_each(|it| say(&line(it)))
        }
        Verb::Acknowledge { id, name, reason } => {
            let by = AcknowledgementRequest { name, reason };
            say(&line(&actions::acknowledge_alarm(&opened.context(), id, by).await?))
        }
    }
}

fn line(it: &Acknowledgement) -> String {
    format!(
        "{}  {}: {}  acknowledged {} by {}: {}",
        it.contribution,
        it.alarm_id,
        it.alarm,
        rfc3339(it.acknowledged_at_ms),
        it.name,
        it.reason
    )
}
