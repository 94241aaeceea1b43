//! Opens everything that a process needs.

use std::sync::Arc;

use super::hear_of_appeals::hear_of_appeals;
use super::hear_of_epochs::hear_of_epochs;
use super::publish_appeals::{PublishError, publish_appeals};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::store::keys::{self, SigningKeyRow};
use crate::store::{OpenError, Store};
use crate::stripe::Gateway;
use crate::tokens::{SealedKey, SigningKey, UnsealError, Vault, VaultError};

/// Why the start stops, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its sentence")]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Keys(#[from] UnsealError),
    #[error("{0}")]
    Stripe(String),
    #[error("the database does not answer ({0})")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Appeals(#[from] PublishError),
}

/// Opens the store and the vault, makes the first signing key, loads raised
/// epochs, publishes the appeals file.
///
/// # Errors
/// See [`StartError`].
pub async fn start(settings: Settings, clock: Clock) -> Result<Arc<App>, StartError> {
    let vault = Vault::open(&settings.tokens.encryption_key, &settings.encryption_key_file())?;
    let store = Store::open(&settings.database_url()).await?;
    let keys = open_signing_keys(&store, &vault, &clock).await?;
    let stripe = Gateway::new(&settings.stripe).map_err(|error| StartError::Stripe(error.to_string()))?;
    let app = App::new(settings, clock, store, stripe, &vault, keys);
    hear_of_epochs(&app).await?;
    publish_appeals(&app)?;
    hear_of_appeals(&app).await?;
    Ok(app)
}

async fn open_signing_keys(
    store: &Store,
    vault: &Vault,
    clock: &Clock,
) -> Result<Vec<SigningKey>, StartError> {
    let mut tx = store.begin().await?;
    let mut rows = keys::signing_keys(&mut tx).await?;
    if rows.is_empty() {
        let made = SigningKey::make(vault);
        let row = SigningKeyRow { kid: made.kid, public_key: made.public, sealed_private_key: made.sealed };
        keys::add_signing_key(&mut tx, &row, clock.now_ms()).await?;
        rows.push(row);
    }
    tx.commit().await?;
    rows.into_iter()
        .map(|row| SealedKey { kid: row.kid, public: row.public_key, sealed: row.sealed_private_key })
        .map(|kept| SigningKey::open(vault, &kept).map_err(StartError::from))
        .collect()
}
