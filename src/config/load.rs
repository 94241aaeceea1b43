//! Reads settings from their sources. Later sources override earlier ones: defaults, the file, the environment.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::de::DeserializeOwned;

use super::check::{self, ConfigError};
use super::{DEFAULT_FILE, Secret, Settings, exists, typed};

/// Reads the settings. `file` (or `keepopen.toml` if it exists) overrides the defaults, and the environment variables
/// `KEEPOPEN_SECTION__KEY` override both. `DATABASE_URL` is used if `database.url` is empty. If the settings name
/// files with Stripe's secrets, the secrets are read from these files.
///
/// # Errors
/// A file can't be read, a key is unknown, a value is invalid, or values contradict each other. The message says what
/// to do.
pub fn load<Site: DeserializeOwned>(file: Option<&Path>) -> Result<Settings<Site>, ConfigError> {
    let mut sources = Figment::new();
    match file {
        Some(path) if !exists(path) => return Err(ConfigError::NoFile(path.to_owned())),
        Some(path) => sources = sources.merge(Toml::file_exact(path)),
        None if exists(Path::new(DEFAULT_FILE)) => {
            sources = sources.merge(Toml::file_exact(DEFAULT_FILE));
        }
        None => {}
    }
    let env = Env::prefixed("KEEPOPEN_").ignore(&["config"]).split("__");
    let mut settings = extract_settings(sources.merge(env))?;
    if settings.database.url.is_empty()
        && let Ok(url) = std::env::var("DATABASE_URL")
    {
        settings.database.url = url;
    }
    check::check(&settings)?;
    Ok(settings)
}

/// Reads settings from `text` alone, without the environment. Used by tests and the demo.
///
/// # Errors
/// The errors of [`load`].
pub fn from_toml<Site: DeserializeOwned>(text: &str) -> Result<Settings<Site>, ConfigError> {
    let settings = extract_settings(Figment::new().merge(Toml::string(text)))?;
    check::check(&settings)?;
    Ok(settings)
}

/// Reads the settings from these sources, and the secrets from their files.
fn extract_settings<Site: DeserializeOwned>(sources: Figment) -> Result<Settings<Site>, ConfigError> {
    let empty = Figment::from(Serialized::defaults(serde_json::json!({})));
    let sources = empty.merge(sources);
    let unreadable = |error| ConfigError::Unreadable(Box::new(error));
    let mut settings: Settings<Site> = sources.extract().map_err(unreadable)?;
    reject_lists_for_tables::<Site>(sources.extract().map_err(unreadable)?)?;
    read_secret_files(&mut settings)?;
    Ok(settings)
}

/// Rejects a list in place of a table. Figment would read the list's items as the table's fields in order. Nobody
/// intends that, and a new field would change the meaning of the list.
fn reject_lists_for_tables<Site: DeserializeOwned>(value: serde_json::Value) -> Result<(), ConfigError> {
    match typed::read::<Settings<Site>>(value, typed::Notation::Toml) {
        Err(misfit) if misfit.is_list_for_table => Err(ConfigError::Wrong(misfit.to_string())),
        // Figment has already accepted the values, so any other complaint is ignored.
        _ => Ok(()),
    }
}

fn read_secret_files<Site>(settings: &mut Settings<Site>) -> Result<(), ConfigError> {
    let stripe = &mut settings.stripe;
    if let Some(path) = &stripe.secret_key_file {
        if !stripe.secret_key.is_empty() {
            return Err(ConfigError::Both("stripe.secret_key", "stripe.secret_key_file"));
        }
        stripe.secret_key = read_secret(path)?;
    }
    if !stripe.webhook_secret_files.is_empty() {
        if !stripe.webhook_secrets.is_empty() {
            return Err(ConfigError::Both("stripe.webhook_secrets", "stripe.webhook_secret_files"));
        }
        stripe.webhook_secrets =
            stripe.webhook_secret_files.iter().map(|path| read_secret(path)).collect::<Result<_, _>>()?;
    }
    if settings.tokens.encryption_key_file.is_some() && !settings.tokens.encryption_key.is_empty() {
        return Err(ConfigError::Both("tokens.encryption_key", "tokens.encryption_key_file"));
    }
    Ok(())
}

fn read_secret(path: &Path) -> Result<Secret, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::SecretFile { path: path.to_owned(), error })?;
    Ok(Secret::from(text.trim()))
}
