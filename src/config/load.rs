//! The sources of settings: defaults, then the file, then the environment.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};

use super::check::{self, ConfigError};
use super::{DEFAULT_FILE, Secret, Settings, exists, typed};

/// Reads the settings: defaults, then `file` (or `keepopen.toml` if it exists), then `KEEPOPEN_SECTION__KEY`, then
/// `DATABASE_URL`; then secrets from files.
///
/// # Errors
/// An unreadable file, an unknown key, an invalid value, or contradicting values; each with what to do.
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

/// Figment reads a list as a table, with the fields in order. Nobody intends that, and a new field would change its
/// meaning.
fn refuse_lists_for_tables(value: serde_json::Value) -> Result<(), ConfigError> {
    match typed::read::<Settings>(value, typed::Notation::Toml) {
        Err(misfit) if misfit.is_list_for_table => Err(ConfigError::Wrong(misfit.to_string())),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A site with every table that it can have.
    const SAMPLE: &str = r#"
[sites.journal]
name = "The Journal"
origins = ["https://journal.example.org"]
currency = "EUR"
[sites.journal.rules.frequency]
max_views = 2
[sites.journal.rules.upsell]
enabled = true
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
once = [500]
default_interval = "once"
default_amount_minor = 500
fee_cover = { percent = 1.5, fixed_minor = 25 }
"#;

    fn tables(value: &serde_json::Value, path: &[String], found: &mut Vec<(Vec<String>, toml::Value)>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = [path, std::slice::from_ref(name)].concat();
            if let Some(fields) = value.as_object() {
                let values = fields.values().filter_map(|value| toml::Value::try_from(value).ok());
                found.push((path.clone(), toml::Value::Array(values.collect())));
                tables(value, &path, found);
            }
        }
    }

    fn put(table: &mut toml::Table, path: &[String], value: toml::Value) {
        match path {
            [] => {}
            [name] => drop(table.insert(name.clone(), value)),
            [name, rest @ ..] => {
                let inner = table.entry(name).or_insert_with(|| toml::Table::new().into());
                put(inner.as_table_mut().unwrap(), rest, value);
            }
        }
    }

    #[test]
    fn a_list_is_refused_in_place_of_every_table() {
        let settings = from_toml(SAMPLE).unwrap();
        let mut found = Vec::new();
        tables(&serde_json::to_value(&settings).unwrap(), &[], &mut found);
        assert!(found.len() > 15, "{found:?}");
        for (path, values) in found {
            for list in [toml::Value::Array(Vec::new()), values] {
                let mut table: toml::Table = SAMPLE.parse().unwrap();
                put(&mut table, &path, list);
                let text = toml::to_string(&table).unwrap();
                let refused = from_toml(&text).map_err(|error| error.to_string());
                assert!(refused.is_err(), "{text}");
            }
        }
    }
}
