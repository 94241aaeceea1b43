//! `keepopen queue`: lists and retries tasks. A task is work that the service does later, with retries.

use clap::Subcommand;

use super::{CommandError, Opened, runtime, say};
use crate::actions;
use crate::clock::ago;
use crate::sites::Settings;
use crate::store::tasks::TaskRow;

#[derive(Subcommand)]
pub enum Verb {
    /// List waiting tasks, one per line: key, state, tries, and why the last try failed.
    List {
        /// Only tasks that failed too often.
        #[arg(long)]
        dead: bool,
        /// The maximum number of tasks.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Retry a dead task. Fix the cause of its failure first.
    Replay {
        /// The task's key, as listed by `keepopen queue list --dead`.
        key: String,
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
        Verb::List { dead, limit } => {
            let rows = opened.store.tasks(dead.then_some("dead"), i64::from(*limit)).await?;
            if rows.is_empty() {
                return say(if *dead { "No task is dead." } else { "The queue is empty." });
            }
            let now_ms = opened.clock.now_ms();
            rows.iter().try_for_each(|row| say(&line(row, now_ms)))
        }
        Verb::Replay { key } => {
            if !actions::replay_task(&opened.context(), key).await? {
                return Err(format!(
                    "{key} is not a dead task; `keepopen queue list --dead` lists the dead tasks"
                )
                .into());
            }
            say(&format!("{key} is queued; a running service retries it within a second."))
        }
    }
}

fn line(row: &TaskRow, now_ms: i64) -> String {
    let state = match &row.lease_owner {
        Some(_) => "running",
        None => row.state.as_str(),
    };
    let error = row.error.as_deref().unwrap_or("not failed yet");
    let added = ago(Some(row.created_at_ms), now_ms);
    format!("{}  {state:<7}  {:>2}  added {added}  {error}", row.key, row.attempts)
}
