//! Hears which webhook endpoints were made or retired, here or by a command.

use crate::app::App;
use crate::config::Secret;
use crate::store::StoreError;

/// A signing secret can't be opened, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum SealedSecret {
    /// It was sealed with another key, or changed since.
    #[error(
        "the signing secret of {0} can't be opened: the encryption key is not the one it was sealed with. Put back the key file (keepopen.key in the data folder) or tokens.encryption_key"
    )]
    Locked(String),
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The label that an endpoint's secret is sealed under.
pub(in crate::actions) fn label(id: &str) -> String {
    format!("stripe endpoint {id}")
}

/// Puts the secrets of the endpoints into force that the store has, when they are others than before.
///
/// # Errors
/// See [`SealedSecret`]; what was in force stays.
pub async fn sync_endpoints(app: &App) -> Result<(), SealedSecret> {
    let rows = app.store.endpoints(app.settings.stripe.mode).await?;
    let known = app.deliveries.secrets();
    // An endpoint's secret never changes: another secret is another endpoint.
    if rows.iter().map(|row| &row.id).eq(known.endpoints().iter().map(|endpoint| &endpoint.id)) {
        return Ok(());
    }
    let mut endpoints: Vec<(String, Secret)> = Vec::new();
    for row in rows {
        let secret = app.vault.unseal_secret(&row.sealed_secret, &label(&row.id));
        endpoints.push((row.id.clone(), secret.ok_or(SealedSecret::Locked(row.id))?));
    }
    tracing::info!(endpoints = endpoints.len(), "the signing secrets of our webhook endpoints are in force");
    app.deliveries.set_endpoints(endpoints);
    Ok(())
}
