//! Secret API keys. A key is shown only once, and only its hash is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;

use super::sha256;
use crate::clock;
use crate::ids::ApiKeyId;

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Read the standing of any supporter.
    #[value(name = "supporters:read")]
    SupportersRead,
    /// Read contributions, payments and the ledger.
    #[value(name = "money:read")]
    MoneyRead,
    /// Read and acknowledge alarms.
    #[value(name = "alarms:write")]
    AlarmsWrite,
    /// Read appeals, their versions and their state.
    #[value(name = "appeals:read")]
    AppealsRead,
    /// Write appeals, and publish them.
    #[value(name = "appeals:write")]
    AppealsWrite,
    /// Read the audit log.
    #[value(name = "audit:read")]
    AuditRead,
    /// Send banner requests that state the reader's standing.
    #[value(name = "banner:ask")]
    BannerAsk,
}

impl Scope {
    /// The label on the command line and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SupportersRead => "supporters:read",
            Self::MoneyRead => "money:read",
            Self::AlarmsWrite => "alarms:write",
            Self::AppealsRead => "appeals:read",
            Self::AppealsWrite => "appeals:write",
            Self::AuditRead => "audit:read",
            Self::BannerAsk => "banner:ask",
        }
    }
}

/// A new API key. Only this value contains the secret.
pub struct ApiKey {
    /// The key's public id.
    pub id: ApiKeyId,
    /// The secret, which clients send as `Authorization: Bearer …`.
    pub secret: String,
    /// The hash of the secret, which is stored.
    pub hash: String,
}

/// The prefix of every secret, so that scanners for leaked secrets find it.
const PREFIX: &str = "keepopen_sk_";

impl ApiKey {
    /// Creates a key from 32 random bytes.
    pub fn make() -> Self {
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(clock::random_bytes::<32>()));
        Self { id: ApiKeyId::from_bytes(clock::random_bytes()), hash: Self::hash(&secret), secret }
    }

    /// The stored hash of a secret. A secret has 256 random bits, so a plain SHA-256 can't be brute-forced, and a slow
    /// hash would only cost time.
    pub fn hash(secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(sha256(secret.as_bytes()))
    }

    /// Whether a text looks like a secret API key of Keepopen.
    pub fn looks_like_api_key(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}
