//! Ids with a prefix that shows their kind: `sup_…`, `con_…`, `alm_…`, `key_…`.

use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// The text is not an id of this kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id of this kind must be `{prefix}`, followed by 26 letters and digits")]
pub struct NotAnId {
    prefix: &'static str,
}

/// The digits and letters of an id, which are hard to confuse (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// The number of characters after the prefix. 26 characters hold 130 bits, which is enough for 16 bytes (128 bits).
const BODY_LEN: usize = 26;

/// Writes 16 bytes as the characters after an id's prefix.
fn body_of(bytes: [u8; 16]) -> String {
    let mut number = u128::from_be_bytes(bytes);
    let mut body = [0u8; BODY_LEN];
    for letter_slot in body.iter_mut().rev() {
        *letter_slot = ALPHABET[usize::try_from(number % 32).expect("the remainder must be below 32")];
        number /= 32;
    }
    body.iter().map(|&letter| char::from(letter)).collect()
}

macro_rules! id {
    ($name:ident, $prefix:literal, $description:literal) => {
        #[doc = $description]
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of every id of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// Creates an id from 16 bytes, which are random or derived from other data.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(format!("{}{}", $prefix, body_of(bytes)))
            }

            /// Parses an id.
            ///
            /// # Errors
            /// The text has another prefix, length or alphabet.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                let is_valid = text.strip_prefix($prefix).is_some_and(|body| {
                    body.len() == BODY_LEN && body.bytes().all(|byte| ALPHABET.contains(&byte))
                });
                is_valid.then(|| Self(text.to_owned())).ok_or(NotAnId { prefix: $prefix })
            }

            /// The whole id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(SupporterId, "sup_", "The id of a supporter: a person who gave.");
id!(ContributionId, "con_", "The id of a contribution: one act of giving.");
id!(AlarmId, "alm_", "The id of an alarm. An alarm whose content changes gets a new id.");
id!(ApiKeyId, "key_", "The public id of a secret API key.");

impl AlarmId {
    /// Computes the id of an alarm from its contribution and its content (JSON).
    pub fn of(contribution: &ContributionId, content: &str) -> Self {
        let text = format!("{contribution} {content}");
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        Self::from_bytes(bytes)
    }
}

impl std::str::FromStr for AlarmId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Self::parse(text)
    }
}

impl std::str::FromStr for ApiKeyId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_id_is_parsed() {
        let id = ContributionId::from_bytes([255; 16]);
        assert_eq!(id.as_str(), "con_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(ContributionId::parse(id.as_str()), Ok(id));
        for invalid in ["", "con_", "con_7zzzzzzzzzzzzzzzzzzzzzzzzu", "sup_7zzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert!(ContributionId::parse(invalid).is_err(), "{invalid}");
        }
    }
}
