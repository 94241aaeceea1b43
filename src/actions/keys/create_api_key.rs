//! Creates a secret API key.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::keys::{ApiKey, Scope};
use crate::store::{StoreError, keys};

/// Creates a key and stores its hash. The secret is only in the return value.
///
/// # Errors
/// See [`StoreError`].
pub async fn create_api_key(
    context: &Context<'_>,
    name: &str,
    scopes: &[Scope],
) -> Result<ApiKey, StoreError> {
    let key = ApiKey::make();
    let scopes = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let row = keys::NewApiKey {
        id: key.id.as_str().to_owned(),
        name: name.to_owned(),
        hash: key.hash.clone(),
        scopes,
        created_at_ms: context.now_ms(),
    };
    let mut tx = context.change().await?;
    keys::add_api_key(&mut tx, &row).await?;
    // The name is free text and may be a person's name, so it is not written to the audit log.
    let change =
        Change::new("api_key.create", row.id).personal("name").field("scopes", Value::Null, row.scopes);
    tx.commit([change]).await?;
    Ok(key)
}
