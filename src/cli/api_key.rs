//! `keepopen api-key`

use std::io::Write;

use clap::Subcommand;

use super::{Stopped, runtime, say};
use crate::actions;
use crate::clock::Clock;
use crate::config::Settings;
use crate::store::Store;
use crate::tokens::Scope;

#[derive(Subcommand)]
pub enum Verb {
    /// Make a key. It is shown once; only its hash is kept.
    Create {
        /// What it is for, so that you know it again.
        #[arg(long)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
    },
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), Stopped> {
    let Verb::Create { name, scope } = verb;
    runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let key = actions::create_api_key(&store, &Clock::System, name, scope).await?;
        store.close().await;
        // The key alone on standard output, so that it can be piped into a secret store.
        say(&key.secret)?;
        writeln!(
            std::io::stderr(),
            "This is the only time the key is shown. Send it as `Authorization: Bearer …`.\nIts id is {}.",
            key.id
        )?;
        Ok(())
    })
}
