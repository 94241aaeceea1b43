//! `keepopen api-key`: creates, lists and revokes the secret keys with which site back ends call the API.

use std::io::Write;

use clap::Subcommand;

use super::{CommandError, Opened, runtime, say};
use crate::actions;
use crate::clock::rfc3339;
use crate::ids::ApiKeyId;
use crate::keys::Scope;
use crate::sites::Settings;
use crate::store::keys::ApiKeyListing;

#[derive(Subcommand)]
pub enum Verb {
    /// Create a key. It is shown once; only its hash is stored.
    Create {
        /// A name by which you recognise the key.
        #[arg(long)]
        name: String,
        /// A permission of the key. Can be given more than once.
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
    },
    /// List every key, oldest first, one per line: its id, when it was created, whether it is active, its scopes and its
    /// name.
    List,
    /// Revoke a key. Every running instance refuses it within 2 seconds.
    Revoke {
        /// The key's id (key_…).
        id: ApiKeyId,
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
        Verb::Create { name, scope } => {
            let key = actions::create_api_key(&opened.context(), name, scope).await?;
            // Only the key is printed to standard output, so that it can be piped into a secret store.
            say(&key.secret)?;
            writeln!(
                std::io::stderr(),
                "This is the only time the key is shown. Send it as `Authorization: Bearer …`.\nIts id is {}.",
                key.id
            )?;
            Ok(())
        }
        Verb::List => {
            let keys = opened.store.api_keys().await?;
            if keys.is_empty() {
                return say("There are no API keys.");
            }
            keys.iter().try_for_each(|key| say(&line(key)))
        }
        Verb::Revoke { id } => {
            let key = actions::revoke_api_key(&opened.context(), id).await?;
            say(&line(&key))
        }
    }
}

fn line(key: &ApiKeyListing) -> String {
    let state =
        key.revoked_at_ms.map_or_else(|| "active".to_owned(), |at_ms| format!("revoked {}", rfc3339(at_ms)));
    format!("{}  {}  {state}  {}  {}", key.id, rfc3339(key.created_at_ms), key.scopes, key.name)
}
