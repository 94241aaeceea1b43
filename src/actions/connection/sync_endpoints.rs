//! Loads the webhook endpoints that were created or retired, on any instance or by a command.

use crate::app::App;
use crate::config::Secret;
use crate::store::StoreError;

/// Why the signing secrets were not loaded.
#[derive(Debug, thiserror::Error)]
pub enum EndpointSyncError {
    /// The secret was encrypted with another key, or was changed.
    #[error(
        "the signing secret of {0} can't be decrypted: the encryption key is not the one it was encrypted with. Put back the key file (keepopen.key in the data folder) or tokens.encryption_key"
    )]
    Locked(String),
    /// The secret could not be read from the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the label under which an endpoint's secret is encrypted.
pub(in crate::actions) fn label(id: &str) -> String {
    format!("stripe endpoint {id}")
}

/// Replaces the active endpoint secrets with those in the database, if they differ.
///
/// # Errors
/// See [`EndpointSyncError`]; the active secrets stay.
pub async fn sync_endpoints(app: &App) -> Result<(), EndpointSyncError> {
    let rows = app.store.endpoints(app.settings.stripe.mode).await?;
    let known = app.deliveries.secrets();
    // An endpoint's secret never changes: a new secret means a new endpoint.
    if rows.iter().map(|row| &row.id).eq(known.endpoints().iter().map(|endpoint| &endpoint.id)) {
        return Ok(());
    }
    let mut endpoints: Vec<(String, Secret)> = Vec::new();
    for row in rows {
        let secret = app.vault.unseal_secret(&row.sealed_secret, &label(&row.id));
        endpoints.push((row.id.clone(), secret.ok_or(EndpointSyncError::Locked(row.id))?));
    }
    tracing::info!(endpoints = endpoints.len(), "the signing secrets of the webhook endpoints are active");
    app.deliveries.set_endpoints(endpoints);
    Ok(())
}
