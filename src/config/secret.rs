//! A setting that is never shown.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret: wiped from memory when dropped, and written as `(set)` or `(not set)`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret itself, to be used and not kept.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// True when there is none.
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

/// Reads a list of secrets, or one alone: in the environment, `KEEPOPEN_…=whsec_…` is what people write.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(Secret),
        More(Vec<Secret>),
    }
    // The reader's own message could show a secret that is not as it should be.
    match OneOrMore::deserialize(deserializer) {
        Ok(OneOrMore::One(secret)) => Ok(vec![secret]),
        Ok(OneOrMore::More(secrets)) => Ok(secrets),
        Err(_) => Err(serde::de::Error::custom("should be a secret, or a list of secrets")),
    }
}
