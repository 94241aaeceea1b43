//! The settings: every setting's name, type, default and sources.
//!
//! **Owns** the settings: their names, defaults, sources and the checks between them.
//! **Never** starts anything, and never shows a secret. The settings of a site belong to the module `sites`.
//! **Start at** [`load`]. `config.example.toml` describes every setting.
//! **Tested in** `tests/commands/`.

mod check;
mod limits;
mod load;
mod management;
mod secret;
mod server;
pub mod typed;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

pub use check::{ConfigError, Mode, is_http_url, is_loopback};
pub use limits::LimitSettings;
pub use load::{from_toml, load};
pub use management::ManagementSettings;
pub use secret::Secret;
pub use server::{ForwardedHeader, ServerSettings};

use crate::telemetry::LogFormat;

/// All settings of one deployment. The caller chooses the type `Site` of one site's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings<Site> {
    /// The folder of the database, the key file and the last-good file (the saved snapshot).
    pub data_dir: PathBuf,
    /// The public HTTP server.
    pub server: ServerSettings,
    /// The HTTP server for operators.
    pub management: ManagementSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// The payment provider.
    pub stripe: StripeSettings,
    /// Supporter tokens.
    pub tokens: TokenSettings,
    /// Rate limits of expensive routes.
    pub limits: LimitSettings,
    /// The appeals file.
    pub appeals: AppealSettings,
    /// Log lines.
    pub log: LogSettings,
    /// The sites (publications), by id.
    pub sites: BTreeMap<String, Site>,
}

/// `[database]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// The database URL: `sqlite:PATH` or `postgres://…`. If empty, the SQLite file `keepopen.db` in the data folder.
    pub url: String,
}

/// `[stripe]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StripeSettings {
    /// Stripe's mode. Events of the other mode are quarantined: they are stored, but not booked.
    pub mode: Mode,
    /// The secret or restricted API key (`sk_…`, `rk_…`).
    pub secret_key: Secret,
    /// A file with the API key, instead of `secret_key`.
    pub secret_key_file: Option<PathBuf>,
    /// Signing secrets of the webhook endpoint (`whsec_…`): one, or two while the secret is being replaced.
    #[serde(deserialize_with = "secret::one_or_more")]
    pub webhook_secrets: Vec<Secret>,
    /// Files with one signing secret each, instead of `webhook_secrets`.
    #[serde(deserialize_with = "secret::one_or_more_files")]
    pub webhook_secret_files: Vec<PathBuf>,
    /// The base of Stripe's API.
    pub api_url: Url,
    /// How long one call to Stripe may take, in seconds.
    pub timeout_seconds: u64,
    /// The largest webhook body that is read, in bytes.
    pub webhook_max_bytes: usize,
    /// How long an event that Stripe should have delivered may be missing, in minutes. 0 means no limit.
    pub silence_minutes: u32,
}

/// `[tokens]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSettings {
    /// How long a supporter token is valid, in hours; at most 24.
    pub valid_hours: u32,
    /// How many new tokens one instance checks per second. A token is new if it is not in the
    /// instance's cache of checked tokens.
    pub checks_per_second: NonZeroU32,
    /// How many new tokens from one client address an instance checks per second.
    pub address_checks_per_second: NonZeroU32,
    /// How many tokens with a wrong signature one address may send in a minute before it has to pause.
    pub address_bad_per_minute: NonZeroU32,
    /// The key that encrypts private keys at rest: 32 bytes in base64.
    pub encryption_key: Secret,
    /// A file with the encryption key. It is created on the first start if it does not exist.
    pub encryption_key_file: Option<PathBuf>,
}

/// `[appeals]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppealSettings {
    /// The file with the appeals. The service reloads it when it changes. Without a file, no reader is asked.
    pub file: Option<PathBuf>,
}

/// `[log]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `human` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, or a filter for modules.
    pub level: String,
}

impl<Site> Default for Settings<Site> {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            server: ServerSettings::default(),
            management: ManagementSettings::default(),
            database: DatabaseSettings::default(),
            stripe: StripeSettings::default(),
            tokens: TokenSettings::default(),
            limits: LimitSettings::default(),
            appeals: AppealSettings::default(),
            log: LogSettings::default(),
            sites: BTreeMap::new(),
        }
    }
}

impl Default for StripeSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Test,
            secret_key: Secret::default(),
            secret_key_file: None,
            webhook_secrets: Vec::new(),
            webhook_secret_files: Vec::new(),
            api_url: url(check::STRIPE_API),
            timeout_seconds: 20,
            webhook_max_bytes: 1_048_576,
            silence_minutes: 60,
        }
    }
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            valid_hours: 24,
            checks_per_second: non_zero(1000),
            address_checks_per_second: non_zero(200),
            address_bad_per_minute: non_zero(30),
            encryption_key: Secret::default(),
            encryption_key_file: None,
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Human, level: "info".to_owned() }
    }
}

fn non_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a default must not be 0")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a default must be a URL")
}

impl<Site> Settings<Site> {
    /// Describes settings that work but are rarely intended, with one message each.
    pub fn warnings(&self) -> Vec<String> {
        check::warnings(self)
    }

    /// The effective database URL.
    pub fn database_url(&self) -> String {
        if self.database.url.is_empty() {
            format!("sqlite:{}", self.data_dir.join("keepopen.db").display())
        } else {
            self.database.url.clone()
        }
    }

    /// The file with the key that encrypts private keys at rest.
    pub fn encryption_key_file(&self) -> PathBuf {
        self.tokens.encryption_key_file.clone().unwrap_or_else(|| self.data_dir.join("keepopen.key"))
    }

    /// The last-good file: the saved snapshot, with which the service can start without the database.
    pub fn last_good_file(&self) -> PathBuf {
        self.data_dir.join("last-good.json")
    }

    /// The issuer of tokens: the public URL without a trailing slash.
    pub fn issuer(&self) -> String {
        self.server.public_url.as_str().trim_end_matches('/').to_owned()
    }

    /// Returns the effective settings as TOML. Secrets are shown as `(set)` or `(not set)`.
    ///
    /// # Errors
    /// A value can't be represented in TOML. This is not expected to happen.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error>
    where
        Site: Clone + Serialize,
    {
        let mut settings = self.clone();
        settings.database.url = check::without_password(&self.database_url());
        settings.tokens.encryption_key_file = Some(self.encryption_key_file());
        toml::to_string_pretty(&settings)
    }
}

/// The default settings file.
pub const DEFAULT_FILE: &str = "keepopen.toml";

/// Whether `path` exists. A path that can't be examined counts as existing, so that reading it reports the reason.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
