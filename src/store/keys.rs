//! Keys that sign tokens, and secret API keys.

use serde::{Deserialize, Serialize};

use super::{Store, StoreError, Tx};

/// A signing key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRow {
    /// Its id: the JWK thumbprint (RFC 7638).
    pub kid: String,
    /// The public half, base64url.
    pub public_key: String,
    /// The private half, encrypted, base64url.
    pub sealed_private_key: String,
}

from_row!(SigningKeyRow { kid, public_key, sealed_private_key });

/// A secret API key as it is kept.
#[derive(Clone, Debug)]
pub struct ApiKeyRow {
    /// Its id.
    pub id: String,
    /// What it may do, separated by spaces.
    pub scopes: String,
}

from_row!(ApiKeyRow { id, scopes });

/// The keys that sign and verify, the one that signs (the newest) first.
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
    on_tx!(tx, db => sqlx::query(
        "INSERT INTO signing_keys (kid, public_key, sealed_private_key, created_at_ms) \
         VALUES ($1, $2, $3, $4)",
    )
    .bind(&key.kid)
    .bind(&key.public_key)
    .bind(&key.sealed_private_key)
    .bind(now_ms)
    .execute(db)
    .await.map(|done| done.rows_affected()))?;
    Ok(())
}

/// Adds an API key.
///
/// # Errors
/// The database does not answer.
pub async fn add_api_key(
    tx: &mut Tx,
    id: &str,
    name: &str,
    hash: &str,
    scopes: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    on_tx!(tx, db => sqlx::query("INSERT INTO api_keys (id, name, hash, scopes, created_at_ms) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(name)
        .bind(hash)
        .bind(scopes)
        .bind(now_ms)
        .execute(db)
        .await.map(|done| done.rows_affected()))?;
    Ok(())
}

impl Store {
    /// The API key with this hash, unless it was revoked.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn api_key(&self, hash: &str) -> Result<Option<ApiKeyRow>, StoreError> {
        on_reader!(self, db => sqlx::query_as("SELECT id, scopes FROM api_keys WHERE hash = $1 AND revoked_at_ms IS NULL")
            .bind(hash)
            .fetch_optional(db)
            .await)
    }

    /// Whether something in the database can be read, or checked, only with the encryption key it was written with.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn needs_its_key(&self) -> Result<bool, StoreError> {
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
