//! The command line, for operators.
//!
//! **Owns** commands, and what they print.
//! **Never** keeps a secret after the secret was printed.
//! **Start at** [`main`].
//! **Tested in** `tests/commands/`.

mod alarms;
mod api_key;
mod appeals;
mod audit;
mod books;
mod contributions;
#[cfg(feature = "demo")]
mod demo;
#[cfg(not(feature = "demo"))]
#[path = "no_demo.rs"]
mod demo;
mod events;
mod health;
mod queue;
mod reconcile;
mod results;
mod serve;
mod simulate;
mod stripe;
mod switch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api;
use crate::app::{Actor, Context};
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::sites::{self, Settings};
use crate::store::Store;
use crate::stripe::Gateway;

/// A self-hosted reader-contribution service for newsrooms.
#[derive(Parser)]
#[command(name = "keepopen", version, about)]
struct Command {
    /// The settings file [default: keepopen.toml, if it exists].
    #[arg(long, global = true, env = "KEEPOPEN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the service.
    Serve,
    /// Try everything at once: a newspaper, the service, and a practice Stripe. No set-up, no network, no money.
    Demo(demo::Options),
    /// Ask the running service whether it can take requests. Exits with 0 if it can.
    Health(health::Options),
    /// Migrate the database, and exit.
    Migrate,
    /// Check the settings, and print the effective ones (secrets hidden).
    CheckConfig,
    /// Print the API description (OpenAPI 3.1).
    Openapi,
    /// The inbox of Stripe's events.
    Events {
        #[command(subcommand)]
        verb: events::Verb,
    },
    /// The queue of tasks that run later, such as fetching an object that one of Stripe's thin events names.
    Queue {
        #[command(subcommand)]
        verb: queue::Verb,
    },
    /// The ledger: the payments that Stripe confirmed.
    Books {
        #[command(subcommand)]
        verb: books::Verb,
    },
    /// Readers' gifts.
    Contributions {
        #[command(subcommand)]
        verb: contributions::Verb,
    },
    /// Contributions that do not add up, or that need manual review.
    Alarms {
        #[command(subcommand)]
        verb: alarms::Verb,
    },
    /// Compare the ledger with Stripe, and add what is missing. Exits with 1 if the two differ.
    Reconcile(reconcile::Options),
    /// Rebuild the ledger from Stripe's data, in an empty database.
    Rebuild,
    /// The appeals that readers see.
    Appeals {
        #[command(subcommand)]
        verb: appeals::Verb,
    },
    /// Print the results of each appeal and variant: views, clicks, dismissals, checkouts, gifts, money.
    Results(results::Options),
    /// Switch off a site's appeals, or one of its surfaces.
    Switch {
        #[command(subcommand)]
        verb: switch::Verb,
    },
    /// Simulate a draft of your appeals: which readers it would ask and how often, compared with the live appeals.
    Simulate(simulate::Options),
    /// The connection to Stripe.
    Stripe {
        #[command(subcommand)]
        verb: stripe::Verb,
    },
    /// Who changed what, and when.
    Audit {
        #[command(subcommand)]
        verb: audit::Verb,
    },
    /// Secret API keys for site back ends.
    ApiKey {
        #[command(subcommand)]
        verb: api_key::Verb,
    },
}

/// Why a command failed: a message that says what to do.
type CommandError = Box<dyn std::error::Error>;

/// Runs the command that the arguments name. Returns the exit status.
pub fn main() -> ExitCode {
    let command = Command::parse();
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing more can be done if even standard error is closed.
            let _ = writeln!(std::io::stderr(), "keepopen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<(), CommandError> {
    let settings = || -> Result<Settings, ConfigError> { sites::load(command.config.as_deref()) };
    match &command.verb {
        Verb::Serve => serve::serve(settings()?),
        Verb::Demo(options) => demo::demo(options, &settings()?),
        Verb::Health(options) => health::health(options, settings),
        Verb::Migrate => migrate(&settings()?),
        Verb::CheckConfig => check_config(&settings()?),
        Verb::Openapi => say(api::openapi_yaml()),
        Verb::Events { verb } => events::run(verb, &settings()?),
        Verb::Queue { verb } => queue::run(verb, &settings()?),
        Verb::Books { verb } => books::run(verb, settings()?),
        Verb::Contributions { verb } => contributions::run(verb, &settings()?),
        Verb::Alarms { verb } => alarms::run(verb, &settings()?),
        Verb::Reconcile(options) => reconcile::reconcile(options, settings()?),
        Verb::Rebuild => reconcile::rebuild(settings()?),
        Verb::Appeals { verb } => appeals::run(verb, &settings()?),
        Verb::Results(options) => results::results(options, &settings()?),
        Verb::Switch { verb } => switch::run(verb, &settings()?),
        Verb::Simulate(options) => simulate::simulate(options, &settings()?),
        Verb::Stripe { verb } => stripe::run(verb, &settings()?),
        Verb::Audit { verb } => audit::run(verb, &settings()?),
        Verb::ApiKey { verb } => api_key::run(verb, &settings()?),
    }
}

fn check_config(settings: &Settings) -> Result<(), CommandError> {
    for warning in settings.warnings() {
        writeln!(std::io::stderr(), "keepopen: warning: {warning}")?;
    }
    say(&settings.to_toml()?)
}

fn migrate(settings: &Settings) -> Result<(), CommandError> {
    let url = settings.database_url();
    runtime()?.block_on(async {
        Store::open(&url).await?.close().await;
        say("The database is up to date.")
    })
}

/// What a command works with: the settings, the open database, the connection to Stripe, and the clock.
struct Opened<'a> {
    settings: &'a Settings,
    store: Store,
    stripe: Gateway,
    clock: Clock,
}

impl<'a> Opened<'a> {
    async fn open(settings: &'a Settings) -> Result<Self, CommandError> {
        let stripe = Gateway::new(&settings.stripe)?;
        let store = Store::open(&settings.database_url()).await?;
        Ok(Self { settings, store, stripe, clock: Clock::System })
    }

    /// The context of an operator's action.
    fn context(&self) -> Context<'_> {
        let Self { settings, store, stripe, clock } = self;
        Context { store, stripe, settings, clock, actor: Actor::Operator, request_id: None }
    }
}

/// Returns a number with its noun, such as `1 problem` or `2 problems`. The plural of the noun ends with "s".
fn count_of(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Prints the text to standard output, with one line break at its end.
fn say(text: &str) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}

/// Creates the asynchronous runtime of a command.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
