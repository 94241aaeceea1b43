//! Sites. A site is one publication, described by its settings.
//!
//! **Owns** the settings of one site: what readers can give, at which intervals, and the rules for all of its appeals.
//! **Never** reads a file: `config` does.
//! **Start at** [`SiteSettings`].
//! **Tested in** the files here and `tests/commands/`.

mod check;
mod giving;
mod rules;
mod settings;

use std::path::Path;

use crate::config::{self, ConfigError};

pub use giving::{ByCountry, FeeCover, Giving, Limits, Offer, OfferedAmount, OwnAmounts};
pub use rules::RuleSettings;
pub use settings::{AppealSwitch, Interval, SiteSettings};

/// All settings of one deployment, with its sites.
pub type Settings = config::Settings<SiteSettings>;

/// Reads the settings as [`config::load`] does, and checks the sites.
///
/// # Errors
/// The errors of [`config::load`], and an error if a site is invalid.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let settings = config::load(file)?;
    check::check(&settings)?;
    Ok(settings)
}

/// Reads settings from `text` alone, without the environment. Used by tests and the demo.
///
/// # Errors
/// The errors of [`load`].
pub fn from_toml(text: &str) -> Result<Settings, ConfigError> {
    let settings = config::from_toml(text)?;
    check::check(&settings)?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The settings of a site with most of the tables that a site can have.
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

    /// Adds every table below `path` to `found`: its path, and a list of its values.
    fn collect_tables(
        value: &serde_json::Value,
        path: &[String],
        found: &mut Vec<(Vec<String>, toml::Value)>,
    ) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = [path, std::slice::from_ref(name)].concat();
            if let Some(fields) = value.as_object() {
                let values = fields.values().filter_map(|value| toml::Value::try_from(value).ok());
                found.push((path.clone(), toml::Value::Array(values.collect())));
                collect_tables(value, &path, found);
            }
        }
    }

    /// Sets the value at `path`, and creates the tables on the way.
    fn set_at(table: &mut toml::Table, path: &[String], value: toml::Value) {
        match path {
            [] => {}
            [name] => drop(table.insert(name.clone(), value)),
            [name, rest @ ..] => {
                let inner = table.entry(name).or_insert_with(|| toml::Table::new().into());
                set_at(inner.as_table_mut().unwrap(), rest, value);
            }
        }
    }

    #[test]
    fn a_list_is_rejected_in_place_of_every_table() {
        let settings = from_toml(SAMPLE).unwrap();
        let mut found = Vec::new();
        collect_tables(&serde_json::to_value(&settings).unwrap(), &[], &mut found);
        assert!(found.len() > 15, "only these tables were found: {found:?}");
        for (path, values) in found {
            for list in [toml::Value::Array(Vec::new()), values] {
                let mut table: toml::Table = SAMPLE.parse().unwrap();
                set_at(&mut table, &path, list);
                let text = toml::to_string(&table).unwrap();
                assert!(from_toml(&text).is_err(), "a list was accepted as the table {path:?}: {text}");
            }
        }
    }
}
