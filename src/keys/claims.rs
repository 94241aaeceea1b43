//! The claims of a supporter token.

use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};

use crate::ids::SupporterId;

/// The claims of a supporter token. Times are seconds since 1970 (NumericDate, RFC 7519).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The service that issued the token.
    pub iss: String,
    /// The site that the token is for.
    pub aud: String,
    /// The supporter: a random-looking id, not an e-mail address.
    pub sub: SupporterId,
    /// When the token was issued.
    pub iat: i64,
    /// The first second in which the token is no longer valid.
    pub exp: i64,
    /// The first second in which the token is valid. Keepopen never writes this claim, but respects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token's own id.
    pub jti: String,
    /// The supporter's epoch when the token was issued: how many payments had been fully reversed by then. A token of
    /// an earlier epoch is invalid (`docs/decisions/0009-token-epochs.md`).
    pub epoch: i64,
    /// What the token may be used for.
    pub scope: TokenScope,
    /// The supporter's standing with the site.
    pub standing: Standing,
    /// The first second in which the supporter may be asked for a gift again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<i64>,
    /// The entitlements that the token grants.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Only to show the supporter's standing. Nothing more is allowed, because an address that was entered on the
    /// payment page need not be the reader's own.
    Standing,
}
