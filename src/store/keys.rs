//! Stores the keys that sign tokens, and secret API keys.

use serde::{Deserialize, Serialize};

use super::{Store, StoreError, Tx, rows};

/// A stored signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRow {
    /// The key's id: its JWK thumbprint (RFC 7638).
    pub kid: String,
    /// The public half, in base64url.
    pub public_key: String,
    /// The private half, encrypted, in base64url.
    pub sealed_private_key: String,
}

from_row!(SigningKeyRow { kid, public_key, sealed_private_key });

/// A stored API key.
#[derive(Clone, Debug)]
pub struct ApiKeyRow {
    /// The key's id.
    pub id: String,
    /// The key's scopes, separated by spaces.
    pub scopes: String,
}

from_row!(ApiKeyRow { id, scopes });

/// Returns the keys that sign and verify tokens. The first is the newest, which signs.
///
/// # Errors
/// The database does not answer.
pub async fn signing_keys(tx: &mut Tx) -> Result<Vec<SigningKeyRow>, StoreError> {
    on_tx!(tx, db => sqlx::query_as(
        "SELECT kid, public_key, sealed_private_key FROM signing_keys WHERE retired_at_ms IS NULL \
         ORDER BY created_at_ms DESC, kid",
    )
    .fetch_all(db)
    .await)
}

/// Adds a signing key.
///
/// # Errors
/// The database does not answer.
pub async fn add_signing_key(tx: &mut Tx, key: &SigningKeyRow, now_ms: i64) -> Result<(), StoreError> {
    write_row!(tx, insert "signing_keys", {
        kid: &key.kid,
        public_key: &key.public_key,
        sealed_private_key: &key.sealed_private_key,
        created_at_ms: now_ms,
    })?;
    Ok(())
}

row! {
    /// An API key to be stored.
    #[derive(Clone, Debug)]
    pub struct NewApiKey {
        /// The key's id.
        pub id: String,
        /// The key's display name.
        pub name: String,
        /// The hash of the secret.
        pub hash: String,
        /// The key's scopes, separated by spaces.
        pub scopes: String,
        /// When the key was created, in milliseconds since 1970.
        pub created_at_ms: i64,
    }
}

/// An API key in a list of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyListing {
    /// The key's id.
    pub id: String,
    /// The key's display name.
    pub name: String,
    /// The key's scopes, separated by spaces.
    pub scopes: String,
    /// When the key was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the key was revoked, in milliseconds since 1970.
    pub revoked_at_ms: Option<i64>,
}

from_row!(ApiKeyListing { id, name, scopes, created_at_ms, revoked_at_ms });

/// Adds an API key.
///
/// # Errors
/// See [`StoreError`].
pub async fn add_api_key(tx: &mut Tx, key: &NewApiKey) -> Result<(), StoreError> {
    let sql = rows::insert("api_keys", NewApiKey::COLUMNS);
    on_tx!(tx, db => key.bind_to(sqlx::query(sql)).execute(db).await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Returns the API key with this id, revoked or not.
///
/// # Errors
/// See [`StoreError`].
pub async fn api_key_by_id(tx: &mut Tx, id: &str) -> Result<Option<ApiKeyListing>, StoreError> {
    on_tx!(tx, db => sqlx::query_as(
        "SELECT id, name, scopes, created_at_ms, revoked_at_ms FROM api_keys WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await)
}

/// Revokes an API key, unless it is already revoked.
///
/// # Errors
/// See [`StoreError`].
pub async fn revoke_api_key(tx: &mut Tx, id: &str, now_ms: i64) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query(
        "UPDATE api_keys SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL",
    )
    .bind(id)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// Returns every API key, including revoked ones, oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyListing>, StoreError> {
        on_reader!(self, db => sqlx::query_as(
            "SELECT id, name, scopes, created_at_ms, revoked_at_ms FROM api_keys ORDER BY created_at_ms, id",
        )
        .fetch_all(db)
        .await)
    }

    /// Returns the API key with this hash, unless it was revoked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn api_key(&self, hash: &str) -> Result<Option<ApiKeyRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as("SELECT id, scopes FROM api_keys WHERE hash = $1 AND revoked_at_ms IS NULL")
            .bind(hash)
            .fetch_optional(db)
            .await)
    }

    /// Whether the database contains something that can be read or checked only with the encryption key that was used
    /// to write it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn needs_encryption_key(&self) -> Result<bool, StoreError> {
        let any: Option<i64> = on_reader!(self, db => sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM signing_keys) \
             OR EXISTS (SELECT 1 FROM stripe_endpoints) OR EXISTS (SELECT 1 FROM supporters) \
             OR EXISTS (SELECT 1 FROM seals)",
        )
        .fetch_optional(db)
        .await)?;
        Ok(any.is_some())
    }
}
