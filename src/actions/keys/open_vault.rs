//! Opens the key file, or creates one for a new deployment.

use crate::actions::service::start::StartError;
use crate::keys::{Vault, VaultError};
use crate::sites::Settings;
use crate::store::Store;

/// Opens the vault for a database. If the key file is missing, a new one is created only if nothing in the database
/// needs the old key. A new key could not decrypt stored secrets, and would derive different supporter ids.
///
/// # Errors
/// The key can't be used, or is missing; or the database does not answer.
pub async fn open_vault(settings: &Settings, store: &Store) -> Result<Vault, StartError> {
    let (key, file) = (&settings.tokens.encryption_key, settings.encryption_key_file());
    if let Some(vault) = Vault::open_existing(key, &file)? {
        return Ok(vault);
    }
    if store.needs_encryption_key().await? {
        return Err(VaultError::Missing(file).into());
    }
    Ok(Vault::open(key, &file)?)
}
