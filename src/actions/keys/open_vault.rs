//! Opens the key file, and makes one for a new deployment only.

use crate::actions::service::start::StartError;
use crate::config::Settings;
use crate::keys::{Vault, VaultError};
use crate::store::Store;

/// The vault for a database. A key file that is missing is made only beside a database that holds nothing yet which
/// needs the old one: a new key could not read what is encrypted, and would name supporters differently.
///
/// # Errors
/// The key can't be used, or is missing; or the database does not answer.
pub async fn open_vault(settings: &Settings, store: &Store) -> Result<Vault, StartError> {
    let (key, file) = (&settings.tokens.encryption_key, settings.encryption_key_file());
    if let Some(vault) = Vault::open_existing(key, &file)? {
        return Ok(vault);
    }
    if store.needs_its_key().await? {
        return Err(VaultError::Missing(file).into());
    }
    Ok(Vault::open(key, &file)?)
}
