//! Where settings come from: defaults, then the file, then the environment.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};

use super::check::{self, ConfigError};
use super::{DEFAULT_FILE, Secret, Settings, exists, typed};

/// Reads the settings: defaults, then `file` (or `keepopen.toml` if there is
/// one), then `KEEPOPEN_SECTION__KEY`, then `DATABASE_URL`; then secrets from files.
///
/// # Errors
/// A file that can't be read, a key that does not exist, a value that can't
/// be used, or two that contradict each other; each with what to do.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
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
    let mut settings = finish(sources.merge(env))?;
    if settings.database.url.is_empty()
        && let Ok(url) = std::env::var("DATABASE_URL")
    {
        settings.database.url = url;
    }
    check::check(&settings)?;
    Ok(settings)
}

/// Reads settings from one text, without the environment: for tests and the demo.
///
/// # Errors
/// As [`load`].
pub fn from_toml(text: &str) -> Result<Settings, ConfigError> {
    let settings = finish(Figment::new().merge(Toml::string(text)))?;
    check::check(&settings)?;
    Ok(settings)
}

fn finish(sources: Figment) -> Result<Settings, ConfigError> {
    let empty = Figment::from(Serialized::defaults(serde_json::json!({})));
    let sources = empty.merge(sources);
    let unreadable = |error| ConfigError::Unreadable(Box::new(error));
    let mut settings: Settings = sources.extract().map_err(unreadable)?;
    refuse_lists_for_tables(sources.extract().map_err(unreadable)?)?;
    read_secret_files(&mut settings)?;
    Ok(settings)
}

/// Figment takes a list for a table, field by field in their order. Nobody means that, and a new field would change what it says.
fn refuse_lists_for_tables(value: serde_json::Value) -> Result<(), ConfigError> {
    match typed::read::<Settings>(value, typed::Notation::Toml) {
        Err(misfit) if misfit.is_list_for_table => {
            Err(ConfigError::Wrong(format!("{}: {}", misfit.field, misfit.sentence)))
        }
        _ => Ok(()),
    }
}

fn read_secret_files(settings: &mut Settings) -> Result<(), ConfigError> {
    let stripe = &mut settings.stripe;
    if let Some(path) = &stripe.secret_key_file {
        if !stripe.secret_key.is_empty() {
            return Err(ConfigError::Both("stripe.secret_key", "stripe.secret_key_file"));
        }
        stripe.secret_key = secret_from(path)?;
    }
    if !stripe.webhook_secret_files.is_empty() {
        if !stripe.webhook_secrets.is_empty() {
            return Err(ConfigError::Both("stripe.webhook_secrets", "stripe.webhook_secret_files"));
        }
        stripe.webhook_secrets =
            stripe.webhook_secret_files.iter().map(|path| secret_from(path)).collect::<Result<_, _>>()?;
    }
    if settings.tokens.encryption_key_file.is_some() && !settings.tokens.encryption_key.is_empty() {
        return Err(ConfigError::Both("tokens.encryption_key", "tokens.encryption_key_file"));
    }
    Ok(())
}

fn secret_from(path: &Path) -> Result<Secret, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::SecretFile { path: path.to_owned(), error })?;
    Ok(Secret::from(text.trim()))
}
