//! Opens everything that the process needs.

use std::sync::Arc;

use super::persist_snapshot::persist_snapshot;
use super::start_without_database::start_without_database;
use super::sync_epochs::sync_epochs;
use super::sync_standings::read_standings;
use crate::actions::appeals::publish_appeals::{PublishError, publish_appeals};
use crate::actions::appeals::sync_appeals::reload_appeals;
use crate::actions::connection::sync_endpoints::{EndpointSyncError, sync_endpoints};
use crate::actions::keys::open_vault::open_vault;
use crate::app::{App, Change, Context};
use crate::clock::Clock;
use crate::keys::{SealedKey, SigningKey, UnsealError, Vault, VaultError};
use crate::sites::Settings;
use crate::store::keys::{self, SigningKeyRow};
use crate::store::{OpenError, Store, StoreError, files};
use crate::stripe::Gateway;

/// Why the start failed, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Keys(#[from] UnsealError),
    #[error("{0}")]
    Stripe(String),
    #[error(transparent)]
    Database(#[from] StoreError),
    #[error(transparent)]
    Appeals(#[from] PublishError),
    #[error(transparent)]
    Endpoints(#[from] EndpointSyncError),
}

/// Opens the database and the vault, creates the first signing key, and activates the appeals. Also loads the raised
/// epochs, which invalidate older tokens (see `docs/decisions/0009-token-epochs.md`). If the database can't be reached,
/// banner requests are answered from the last saved snapshot.
///
/// # Errors
/// See [`StartError`].
pub async fn start(settings: Settings, clock: Clock) -> Result<Arc<App>, StartError> {
    // If the folder can't be created, the first function that needs it reports the error.
    let folder = files::make_folder(&settings.data_dir);
    if folder.is_ok() {
        files::make_private(&settings.data_dir);
    }
    let vault = Vault::open_existing(&settings.tokens.encryption_key, &settings.encryption_key_file())?;
    let stripe = Gateway::new(&settings.stripe).map_err(|error| StartError::Stripe(error.to_string()))?;
    let store = match Store::open(&settings.database_url()).await {
        Ok(store) => store,
        Err(error) if error.is_unreachable() => {
            let Some(vault) = vault else { return Err(error.into()) };
            return start_without_database(settings, clock, stripe, vault, error);
        }
        Err(error) => return Err(error.into()),
    };
    let vault = match vault {
        Some(vault) => vault,
        None => open_vault(&settings, &store).await?,
    };
    let app = App::new(settings, clock, store, stripe, vault);
    app.data_folder.add(&app.settings.data_dir);
    publish_appeals(&app)?;
    read_everything(&app).await?;
    if let Err(error) = persist_snapshot(&app).await {
        tracing::error!(%error, "the active snapshot can't be saved in the data folder; it will be retried");
    }
    Ok(app)
}

/// Reads everything that banner requests need from the database: keys, epochs and appeals.
pub(in crate::actions) async fn read_everything(app: &App) -> Result<(), StartError> {
    let rows = signing_keys(&app.as_job("start"), &app.vault).await?;
    app.tokens.set_keys(open_keys(&app.vault, &rows)?);
    app.update_last_good(|last_good| last_good.signing_keys = rows);
    sync_epochs(app).await?;
    read_standings(app).await?;
    sync_endpoints(app).await?;
    reload_appeals(app).await?;
    Ok(())
}

/// Returns the signing keys in the database. If there is none, creates the first.
async fn signing_keys(context: &Context<'_>, vault: &Vault) -> Result<Vec<SigningKeyRow>, StoreError> {
    let mut tx = context.change().await?;
    let mut rows = keys::signing_keys(&mut tx).await?;
    if rows.is_empty() {
        let key = SigningKey::make(vault);
        let row = SigningKeyRow { kid: key.kid, public_key: key.public, sealed_private_key: key.sealed };
        keys::add_signing_key(&mut tx, &row, context.now_ms()).await?;
        tx.commit([Change::new("signing_key.create", &*row.kid)]).await?;
        rows.push(row);
    }
    Ok(rows)
}

/// Decrypts stored keys.
pub(in crate::actions) fn open_keys(
    vault: &Vault,
    rows: &[SigningKeyRow],
) -> Result<Vec<SigningKey>, UnsealError> {
    let sealed = rows.iter().cloned().map(|row| SealedKey {
        kid: row.kid,
        public: row.public_key,
        sealed: row.sealed_private_key,
    });
    sealed.map(|key| SigningKey::open(vault, &key)).collect()
}
