//! A secret setting, which is never shown.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret. It is wiped from memory when dropped, and serialised as `(set)` or `(not set)`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// Returns the secret itself. Don't store or log it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the secret is empty, that is, not set.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.is_empty() { "(not set)" } else { "(set)" })
    }
}

/// Reads a list of secrets, or a single secret, because an environment variable often contains one secret:
/// `KEEPOPEN_…=whsec_…`.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    // serde's own message is not used, because it could show an invalid secret.
    one_or_list(deserializer).map_err(|_| Error::custom("should be a secret, or a list of secrets"))
}

/// Reads a list of file paths, or a single path.
pub(super) fn one_or_more_files<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PathBuf>, D::Error> {
    one_or_list(deserializer).map_err(|_| Error::custom("should be a file's path, or a list of paths"))
}

/// Reads a list of values, or a single value as a list of one.
fn one_or_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore<T> {
        One(T),
        More(Vec<T>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(it) => vec![it],
        OneOrMore::More(all) => all,
    })
}
