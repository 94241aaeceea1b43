//! Revokes a secret API key.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::clock;
use crate::ids::ApiKeyId;
use crate::store::StoreError;
use crate::store::keys::{self, ApiKeyListing};

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum RevokeError {
    #[error("there is no such key; `keepopen api-key list` shows all of them")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes a key. Instances then reject it. An instance that has just answered a banner request that used this key may
/// accept the key for up to 2 more seconds. An instance that can't reach the database also still accepts it. Revoking a
/// key again changes nothing.
///
/// # Errors
/// See [`RevokeError`].
pub async fn revoke_api_key(context: &Context<'_>, id: &ApiKeyId) -> Result<ApiKeyListing, RevokeError> {
    let mut tx = context.change().await?;
    let key = keys::api_key_by_id(&mut tx, id.as_str()).await?.ok_or(RevokeError::NotFound)?;
    if key.revoked_at_ms.is_some() {
        return Ok(key);
    }
    let now_ms = context.now_ms();
    keys::revoke_api_key(&mut tx, id.as_str(), now_ms).await?;
    let change =
        Change::new("api_key.revoke", id.as_str()).field("revoked_at", Value::Null, clock::rfc3339(now_ms));
    tx.commit([change]).await?;
    Ok(ApiKeyListing { revoked_at_ms: Some(now_ms), ..key })
}
