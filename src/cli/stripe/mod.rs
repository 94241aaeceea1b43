//! `keepopen stripe`: connects the service to Stripe's webhooks.
//!
//! **Owns** the commands with which an operator creates, changes and checks the connection to Stripe.
//! **Never** prints a secret. A new secret is stored, encrypted, in the database.
//! **Start at** [`run`].
//! **Tested in** `tests/commands/stripe.rs`.

mod checklist;
mod status;

use clap::Subcommand;
use url::Url;

use super::{CommandError, Opened, runtime, say};
use crate::actions::{self, ConnectError, EndpointChange};
use crate::config::Mode;
use crate::reports::webhook_url;
use crate::sites::Settings;
use crate::stripe::{API_VERSION, CallError, Endpoint, Gateway, PERMISSIONS};

#[derive(Subcommand)]
pub enum Verb {
    /// Create the webhook endpoint at Stripe, or correct the existing one. You can safely repeat this command.
    Connect {
        /// The URL at which Stripe reaches the service [default: the URL of the newest endpoint, otherwise
        /// /webhooks/stripe below server.public_url].
        #[arg(long)]
        url: Option<Url>,
        #[command(flatten)]
        options: FinishOptions,
    },
    /// Create a second endpoint with the same URL. Like every endpoint, it has its own signing secret. Both endpoints
    /// deliver until you run the command again with --finish.
    RollSecret {
        #[command(flatten)]
        options: FinishOptions,
    },
    /// Print the state of the connection. Exits with 1 if something is wrong.
    Status,
    /// Check everything that real payments need. Exits with 1 if something is missing.
    Checklist,
}

#[derive(clap::Args, Clone, Copy)]
pub struct FinishOptions {
    /// Disable the older endpoints, and delete their secrets. The new endpoint must have delivered an event first.
    #[arg(long)]
    finish: bool,
    /// With --finish: disable the older endpoints even if the new endpoint has not delivered an event yet.
    #[arg(long, requires = "finish")]
    force: bool,
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    if !Gateway::new(&settings.stripe)?.is_configured() {
        return Err(CallError::NotConfigured.into());
    }
    runtime()?.block_on(async {
        let opened = Opened::open(settings).await?;
        let outcome = act(verb, &opened).await;
        opened.store.close().await;
        outcome
    })
}

async fn act(verb: &Verb, opened: &Opened<'_>) -> Result<(), CommandError> {
    match verb {
        Verb::Connect { url, options } => {
            let url = delivery_url(opened, url.as_ref()).await?;
            let changes = change_endpoints(opened, &url, *options, false).await?;
            print_changes(&changes, &url, *options)?;
            if options.finish { Ok(()) } else { print_permissions() }
        }
        Verb::RollSecret { options } => {
            let url = delivery_url(opened, None).await?;
            let changes = change_endpoints(opened, &url, *options, true).await?;
            print_changes(&changes, &url, *options)
        }
        Verb::Status => status::status(opened).await,
        Verb::Checklist => checklist::checklist(opened).await,
    }
}

/// Creates or corrects the endpoint, rolls its secret (creates a second endpoint, which has a new secret), or disables
/// the older endpoints. Returns what was changed.
async fn change_endpoints(
    opened: &Opened<'_>,
    url: &str,
    options: FinishOptions,
    is_roll: bool,
) -> Result<Vec<EndpointChange>, CommandError> {
    let settings = opened.settings;
    let vault = actions::open_vault(settings, &opened.store).await?;
    let context = &opened.context();
    let changes = if options.finish {
        actions::finish_stripe_roll(context, url, options.force).await
    } else if is_roll {
        actions::roll_stripe_secret(context, &vault, url).await
    } else {
        actions::connect_stripe(context, &vault, url).await
    };
    changes.map_err(|error| add_advice(error, url))
}

/// The URL that Stripe delivers to, normalised for comparison.
async fn delivery_url(opened: &Opened<'_>, chosen: Option<&Url>) -> Result<String, CommandError> {
    let settings = opened.settings;
    let url = match chosen {
        Some(url) => url.to_string(),
        None => webhook_url(settings, &opened.store.endpoints(settings.stripe.mode).await?),
    };
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || (settings.stripe.mode == Mode::Live && !url.starts_with("https://")) {
        return Err(format!("Stripe delivers over https only, and {url} is not https; set the URL with --url https://…/webhooks/stripe, or set server.public_url").into());
    }
    Ok(url)
}

/// Turns the error of a failed call to Stripe into a message that says what to do.
fn add_advice(error: ConnectError, url: &str) -> CommandError {
    match &error {
        ConnectError::Call(CallError::Refused { status: 401, .. }) => {
            "Stripe does not know the key; check stripe.secret_key".into()
        }
        ConnectError::Call(CallError::Refused { status: 403, .. }) => {
            "the key may not change webhook endpoints; give it the permission Webhook Endpoints: write. For this command alone, you can set another key in KEEPOPEN_STRIPE__SECRET_KEY".into()
        }
        ConnectError::Call(CallError::Refused { status: 400, .. }) => format!(
            "{error}: the endpoint for {url} can't be created. Stripe must be able to reach that URL from outside; set another URL with --url. An account has at most 16 endpoints"
        )
        .into(),
        _ => error.into(),
    }
}

/// Prints what was changed, and what to do next.
fn print_changes(changes: &[EndpointChange], url: &str, options: FinishOptions) -> Result<(), CommandError> {
    for it in changes {
        say(&sentence(it, url))?;
    }
    if options.finish {
        return if changes.is_empty() { say("There was no older endpoint to disable.") } else { Ok(()) };
    }
    if changes.iter().any(|it| matches!(it, EndpointChange::Created(_))) {
        say(
            "The signing secret of the new endpoint is stored in the database, encrypted. A running service uses it within 2 seconds; you need not change any settings.",
        )?;
    }
    if changes.iter().any(|it| matches!(it, EndpointChange::StillActive(_))) {
        say(
            "All these endpoints deliver now. An event that arrives twice is booked once. When `keepopen stripe status` shows a delivery with the new endpoint's secret, run `keepopen stripe connect --finish` to disable the older endpoints.",
        )?;
    }
    Ok(())
}

/// One sentence about one endpoint.
fn sentence(change: &EndpointChange, url: &str) -> String {
    match change {
        EndpointChange::Created(id) => format!("{id}: created for {url}, with version {API_VERSION}."),
        EndpointChange::Unchanged(id) => format!("{id}: already correct, for {url}. Nothing was changed."),
        EndpointChange::Corrected(old) => format!("{}: corrected ({}).", old.id, what_was_wrong(old)),
        EndpointChange::StillActive(old) => {
            format!("{}: an older endpoint with version {}, which still delivers.", old.id, version(old))
        }
        EndpointChange::NotOurs(id) => format!(
            "{id}: delivers to the same URL. It was not created by keepopen, so it was not changed. You can disable it in the dashboard; then remove its secret from stripe.webhook_secrets."
        ),
        EndpointChange::Disabled(id) => format!("{id}: disabled; its secret was deleted."),
        EndpointChange::SecretDeleted(id) => format!("{id}: no longer delivers; its secret was deleted."),
    }
}

/// Why the endpoint had to be corrected. `endpoint` describes its state before the correction.
fn what_was_wrong(endpoint: &Endpoint) -> String {
    let mut wrong = Vec::new();
    if !endpoint.enabled {
        wrong.push("it was disabled".to_owned());
    }
    if !endpoint.missing_events().is_empty() {
        wrong.push(format!("missing events: {}", endpoint.missing_events().join(", ")));
    }
    if !endpoint.unneeded_events().is_empty() {
        wrong.push(format!("unneeded events: {}", endpoint.unneeded_events().join(", ")));
    }
    wrong.join("; ")
}

/// The endpoint's API version. An endpoint without its own version uses the account's version.
fn version(endpoint: &Endpoint) -> &str {
    endpoint.api_version.as_deref().unwrap_or("of the account")
}

fn print_permissions() -> Result<(), CommandError> {
    say("\nThe permissions that a restricted key (rk_…) needs; everything else can be \"none\":")?;
    PERMISSIONS.iter().try_for_each(|it| say(&format!("  {:<20} {:<6} {}", it.name, it.level, it.why)))
}
