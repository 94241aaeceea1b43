//! Makes a secret API key.

use crate::clock::Clock;
use crate::store::{Store, StoreError, keys};
use crate::tokens::{ApiKey, Scope};

/// Makes a key and stores its hash. The secret is in the answer and nowhere else.
///
/// # Errors
/// The database does not answer.
pub async fn create_api_key(
    store: &Store,
    clock: &Clock,
    name: &str,
    scopes: &[Scope],
) -> Result<ApiKey, StoreError> {
    let key = ApiKey::make();
    let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let mut tx = store.begin().await?;
    keys::add_api_key(&mut tx, key.id.as_str(), name, &key.hash, &scopes, clock.now_ms()).await?;
    tx.commit().await?;
    Ok(key)
}
