//! `keepopen stripe`
//!
//! **Owns** the commands with which an operator creates, changes and checks the connection to Stripe.
//! **Never** prints a secret; new ones are stored, encrypted, in the database.
//! **Start at** [`run`].
//! **Tested in** `tests/commands/stripe.rs`.

mod checklist;
mod status;

use clap::Subcommand;
use url::Url;

use super::{Opened, Stopped, runtime, say};
use crate::actions::{self, ConnectError, EndpointChange};
use crate::config::Mode;
use crate::reports::webhook_url;
use crate::sites::Settings;
use crate::stripe::{API_VERSION, CallError, Endpoint, Gateway, PERMISSIONS};

#[derive(Subcommand)]
pub enum Verb {
    /// Create the webhook endpoint at Stripe, or correct the existing one. You can repeat this safely.
    Connect {
        /// The URL at which Stripe reaches the service [default: as before, otherwise server.public_url and
        /// /webhooks/stripe].
        #[arg(long)]
        url: Option<Url>,
        #[command(flatten)]
        end: End,
    },
    /// Create another endpoint with the same address, and so a new signing secret. Both deliver until --finish.
    RollSecret {
        #[command(flatten)]
        end: End,
    },
    /// Print the state of the connection. Exits with 1 if something is wrong.
    Status,
    /// Check everything that real payments need. Exits with 1 if something is missing.
    Checklist,
}

#[derive(clap::Args, Clone, Copy)]
pub struct End {
    /// Disable the older endpoints, and delete their secrets, once the new one has delivered.
    #[arg(long)]
    finish: bool,
    /// Do not wait until the new one has delivered.
    #[arg(long, requires = "finish")]
    force: bool,
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), Stopped> {
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

async fn act(verb: &Verb, opened: &Opened<'_>) -> Result<(), Stopped> {
    match verb {
        Verb::Connect { url, end } => {
            let url = address(opened, url.as_ref()).await?;
            let done = change(opened, &url, *end, false).await?;
            print_changes(&done, &url, *end)?;
            if end.finish { Ok(()) } else { permissions() }
        }
        Verb::RollSecret { end } => {
            let url = address(opened, None).await?;
            let done = change(opened, &url, *end, true).await?;
            print_changes(&done, &url, *end)
        }
        Verb::Status => status::status(opened).await,
        Verb::Checklist => checklist::checklist(opened).await,
    }
}

async fn change(
    opened: &Opened<'_>,
    url: &str,
    end: End,
    roll: bool,
) -> Result<Vec<EndpointChange>, Stopped> {
    let settings = opened.settings;
    let vault = actions::open_vault(settings, &opened.store).await?;
    let context = &opened.context();
    let done = if end.finish {
        actions::finish_stripe_roll(context, url, end.force).await
    } else if roll {
        actions::roll_stripe_secret(context, &vault, url).await
    } else {
        actions::connect_stripe(context, &vault, url).await
    };
    done.map_err(|error| explained(error, url))
}

/// The URL that Stripe delivers to, normalised for comparison.
async fn address(opened: &Opened<'_>, given: Option<&Url>) -> Result<String, Stopped> {
    let settings = opened.settings;
    let url = match given {
        Some(url) => url.to_string(),
        None => webhook_url(settings, &opened.store.endpoints(settings.stripe.mode).await?),
    };
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || (settings.stripe.mode == Mode::Live && !url.starts_with("https://")) {
        return Err(format!("Stripe delivers over https only, and {url} is not https; name the address with --url https://…/webhooks/stripe, or set server.public_url").into());
    }
    Ok(url)
}

/// An error message for a failed call to Stripe, which says what to do.
fn explained(error: ConnectError, url: &str) -> Stopped {
    match &error {
        ConnectError::Call(CallError::Refused { status: 401, .. }) => {
            "Stripe does not know the key; check stripe.secret_key".into()
        }
        ConnectError::Call(CallError::Refused { status: 403, .. }) => {
            "the key may not change webhook endpoints; give it the permission Webhook Endpoints: write. For this command alone, you can set another key in KEEPOPEN_STRIPE__SECRET_KEY".into()
        }
        ConnectError::Call(CallError::Refused { status: 400, .. }) => format!(
            "{error}: the endpoint for {url} can't be created. Stripe must be able to reach that address from outside; name another with --url. An account has at most 16 endpoints"
        )
        .into(),
        _ => error.into(),
    }
}

fn print_changes(done: &[EndpointChange], url: &str, end: End) -> Result<(), Stopped> {
    for it in done {
        say(&sentence(it, url))?;
    }
    if end.finish {
        return if done.is_empty() { say("There was nothing to finish.") } else { Ok(()) };
    }
    if done.iter().any(|it| matches!(it, EndpointChange::Made(_))) {
        say(
            "Its signing secret is stored in the database, encrypted. A running service uses it within 2 seconds; you need not change any settings.",
        )?;
    }
    if done.iter().any(|it| matches!(it, EndpointChange::StillActive(_))) {
        say(
            "An event that arrives twice is booked once. When the new endpoint has delivered, end the overlap with --finish; `keepopen stripe status` shows when that happened.",
        )?;
    }
    Ok(())
}

fn sentence(done: &EndpointChange, url: &str) -> String {
    match done {
        EndpointChange::Made(id) => format!("{id}: created for {url}, with version {API_VERSION}."),
        EndpointChange::Kept(id) => format!("{id}: already correct, for {url}. Nothing was changed."),
        EndpointChange::Corrected(was) => format!("{}: corrected ({}).", was.id, what_was_wrong(was)),
        EndpointChange::StillActive(old) => {
            format!("{}: an older endpoint with version {}, which still delivers.", old.id, version(old))
        }
        EndpointChange::NotOurs(id) => format!(
            "{id}: not created by keepopen, delivers to the same address, and was not changed. You can disable it in the dashboard; then remove its secret from stripe.webhook_secrets."
        ),
        EndpointChange::Disabled(id) => format!("{id}: disabled; its secret was deleted."),
        EndpointChange::Forgotten(id) => format!("{id}: no longer delivers; its secret was deleted."),
    }
}

fn what_was_wrong(was: &Endpoint) -> String {
    let mut wrong = Vec::new();
    if !was.enabled {
        wrong.push("it was disabled".to_owned());
    }
    if !was.missing_events().is_empty() {
        wrong.push(format!("missing: {}", was.missing_events().join(", ")));
    }
    if !was.needless_events().is_empty() {
        wrong.push(format!("needless: {}", was.needless_events().join(", ")));
    }
    wrong.join("; ")
}

fn version(endpoint: &Endpoint) -> &str {
    endpoint.api_version.as_deref().unwrap_or("of the account")
}

fn permissions() -> Result<(), Stopped> {
    say("\nThe permissions that a restricted key (rk_…) needs; everything else can be \"none\":")?;
    PERMISSIONS.iter().try_for_each(|it| say(&format!("  {:<20} {:<6} {}", it.name, it.level, it.why)))
}
