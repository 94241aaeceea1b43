//! Validates the settings before anything starts.

use std::net::IpAddr;
use std::path::PathBuf;

use figment::error::Kind;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Settings;
use crate::telemetry;

/// The base of Stripe's own API.
pub(super) const STRIPE_API: &str = "https://api.stripe.com/";

/// Stripe's mode: test or live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No real money moves.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// The label in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// Why the settings can't be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file that the operator named does not exist.
    #[error("the settings file {} does not exist; copy config.example.toml to it, or name another with --config", .0.display())]
    NoFile(PathBuf),
    /// A key or a value is wrong.
    #[error("the settings can't be read: {}. config.example.toml lists every key", describe(.0))]
    Unreadable(Box<figment::Error>),
    /// A file with a secret can't be read.
    #[error("the secret file {} can't be read ({error}); create it, or make it readable for the user that runs keepopen", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// The reason why it can't be read.
        error: std::io::Error,
    },
    /// Two settings that exclude each other are both set.
    #[error("{0} and {1} are both set; keep one")]
    Both(&'static str, &'static str),
    /// Any other invalid setting, or settings that contradict each other.
    #[error("{0}")]
    Wrong(String),
}

/// Describes the error in one sentence. The sentence never contains the value, which may be a misplaced secret.
fn describe(error: &figment::Error) -> String {
    // `default` is the name of figment's profile. It is not a part of the key.
    let key = error.path.iter().filter(|step| *step != "default").cloned().collect::<Vec<_>>().join(".");
    let key = key.to_lowercase();
    let source = error
        .metadata
        .as_ref()
        .map_or_else(String::new, |metadata| format!(" (from {})", source_name(metadata)));
    match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            let expected = expected.replace("a sequence", "a list").replace("a map", "a table");
            let expected = if expected.starts_with("struct ") { "a table".to_owned() } else { expected };
            format!("{key}{source} should be {expected}")
        }
        Kind::InvalidLength(..) => format!("{key}{source} has the wrong length"),
        Kind::MissingField(field) => match key.as_str() {
            "" => format!("{field}{source} is missing"),
            _ => format!("{key}.{field}{source} is missing"),
        },
        Kind::UnknownField(_, known) => {
            format!("{key}{source} is not a setting; the settings here are {}", known.join(", "))
        }
        Kind::UnknownVariant(_, known) => {
            format!("{key}{source} has an unknown value; it can be {}", known.join(", "))
        }
        // The TOML parser's message quotes the line, which may contain a secret. So only the line's number is shown.
        Kind::Message(message) => {
            let first_line = message.lines().next().unwrap_or_default();
            if first_line.starts_with("TOML parse error") {
                format!("{first_line}{source}")
            } else {
                format!("{key}{source}: {first_line}")
            }
        }
        _ => format!("{key}{source} has an invalid value"),
    }
}

fn source_name(metadata: &figment::Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    }
}

/// Returns the error [`ConfigError::Wrong`] with this sentence.
fn wrong(sentence: impl Into<String>) -> Result<(), ConfigError> {
    Err(ConfigError::Wrong(sentence.into()))
}

/// Checks the rules that the settings' types can't express.
pub(super) fn check<Site>(settings: &Settings<Site>) -> Result<(), ConfigError> {
    telemetry::check_level(&settings.log.level).map_err(|e| ConfigError::Wrong(e.to_string()))?;
    check_management(settings)?;
    check_database(&settings.database_url())?;
    check_stripe(settings)?;
    if !(1..=24).contains(&settings.tokens.valid_hours) {
        return wrong(
            "tokens.valid_hours must be from 1 to 24: a back end that verifies tokens offline learns of a refund only when the token expires",
        );
    }
    let public = &settings.server.public_url;
    if public.path() != "/" || public.query().is_some() || !is_http_url(public) {
        return wrong(
            "server.public_url must be an http or https URL without a path, such as https://give.example.org/",
        );
    }
    if settings.server.body_timeout_seconds == 0 {
        return wrong("server.body_timeout_seconds must be at least 1");
    }
    Ok(())
}

/// Describes settings that work but are rarely intended.
pub(super) fn warnings<Site>(settings: &Settings<Site>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(bind) = settings.management.bind
        && !is_private(bind.ip())
    {
        warnings.push(format!(
            "management.bind is {bind}, which may be a public address: anyone could read the metrics and the reconciliation page. Bind it to 127.0.0.1 or to a private address, or let a firewall close the port"
        ));
    }
    let public = &settings.server.public_url;
    if settings.stripe.mode == Mode::Live && public.scheme() == "http" && !is_loopback(public) {
        warnings.push(format!(
            "server.public_url is {public} and stripe.mode is \"live\": tokens would travel unencrypted, and Stripe delivers to https only. Write the https address that browsers use"
        ));
    }
    warnings
}

/// Whether an address is on this machine, or on a private network.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Checks that the two servers don't share a port. Metrics must not be on the public port.
fn check_management<Site>(settings: &Settings<Site>) -> Result<(), ConfigError> {
    let (public, Some(management)) = (settings.server.bind, settings.management.bind) else { return Ok(()) };
    let addresses_overlap =
        management.ip() == public.ip() || management.ip().is_unspecified() || public.ip().is_unspecified();
    if management.port() != 0 && management.port() == public.port() && addresses_overlap {
        return wrong(
            "management.bind and server.bind have the same port; give management.bind another port, which only operators can reach, or set it to \"\" to switch the management server off",
        );
    }
    Ok(())
}

fn check_database(url: &str) -> Result<(), ConfigError> {
    match url.split_once(':').map(|(scheme, rest)| (scheme, rest.trim_start_matches('/'))) {
        // The database must be a file, because several connections open it.
        Some(("sqlite", path))
            if path.is_empty()
                || path.starts_with('?')
                || path.starts_with(":memory:")
                || path.contains("mode=memory") =>
        {
            wrong(
                "database.url names no file; a database in memory would lose its payments when the service stops. Write sqlite:PATH, or leave database.url empty",
            )
        }
        Some(("sqlite", _)) => Ok(()),
        Some(("postgres" | "postgresql", _)) => Ok(()),
        _ => wrong(format!(
            "database.url has an unknown scheme ({}); use sqlite:PATH or postgres://USER@HOST/DATABASE, or leave database.url empty",
            without_password(url)
        )),
    }
}

fn check_stripe<Site>(settings: &Settings<Site>) -> Result<(), ConfigError> {
    let stripe = &settings.stripe;
    let key = stripe.secret_key.expose();
    if key.starts_with("pk_") {
        return wrong(
            "stripe.secret_key is a publishable key (pk_…); use a secret key (sk_…) or a restricted key (rk_…)",
        );
    }
    let is_live_key = key.starts_with("sk_live_") || key.starts_with("rk_live_");
    match stripe.mode {
        Mode::Test if is_live_key => {
            return wrong(
                "stripe.mode is \"test\" but stripe.secret_key is a live key; set stripe.mode = \"live\", or use a test key",
            );
        }
        Mode::Live if !key.is_empty() && !is_live_key => {
            return wrong(
                "stripe.mode is \"live\" but stripe.secret_key is not a live key; set stripe.mode = \"test\", or use a live key",
            );
        }
        _ => {}
    }
    let api = &stripe.api_url;
    if !is_http_url(api) {
        return wrong("stripe.api_url must be an http or https URL");
    }
    if is_live_key && api.as_str() != STRIPE_API {
        return wrong(
            "stripe.api_url is not Stripe's URL, but stripe.secret_key is a live key, which must be sent only to Stripe. Remove stripe.api_url, or use a test key",
        );
    }
    if api.scheme() == "http" && !is_loopback(api) {
        return wrong(
            "stripe.api_url uses plain http to another machine, so the key would travel unencrypted. Use https",
        );
    }
    if stripe.webhook_secrets.len() > 2 {
        return wrong(
            "stripe.webhook_secrets contains more than two secrets; keep the current secret and, while you roll it, the new one",
        );
    }
    if stripe.webhook_secrets.iter().any(|secret| !secret.expose().starts_with("whsec_")) {
        return wrong(
            "stripe.webhook_secrets contains a secret that does not start with whsec_; copy the endpoint's signing secret from Stripe",
        );
    }
    if stripe.webhook_max_bytes < 16_384 || stripe.timeout_seconds == 0 {
        return wrong(
            "stripe.webhook_max_bytes must be at least 16384 and stripe.timeout_seconds at least 1",
        );
    }
    Ok(())
}

/// Whether `url` is an http or https URL with a host.
pub fn is_http_url(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host().is_some()
}

/// Whether the host of `url` is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The database URL, with its password hidden.
pub(super) fn without_password(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let hidden = parsed.set_password(Some("(hidden)"));
            hidden.map_or_else(|()| "(hidden)".to_owned(), |()| parsed.to_string())
        }
        _ => url.to_owned(),
    }
}
