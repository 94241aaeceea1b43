//! The claims of a supporter token.

use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};

use crate::ids::SupporterId;

/// The claims of a supporter token. Times are seconds since 1970 (NumericDate, RFC 7519).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The service that issued it.
    pub iss: String,
    /// The site it is for.
    pub aud: String,
    /// The supporter: a random-looking id, not an e-mail address.
    pub sub: SupporterId,
    /// When it was issued.
    pub iat: i64,
    /// The first second in which it is no longer valid.
    pub exp: i64,
    /// The first second in which it is valid. We never write it, but respect it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Its own id.
    pub jti: String,
    /// The supporter's number of withdrawals when it was issued; a token of an earlier epoch is invalid.
    pub epoch: i64,
    /// Its scope.
    pub scope: TokenScope,
    /// The supporter's standing with the site.
    pub standing: Standing,
    /// The first instant when asking is allowed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<i64>,
    /// Which entitlements it grants.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// A token's scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Show the standing. Nothing more, because entering an address on the payment page does not prove that it is the
    /// reader's.
    Standing,
}
