//! What a supporter token says.

use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};

use crate::ids::SupporterId;

/// The claims of a supporter token. Times are seconds since 1970 (NumericDate, RFC 7519).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The service that made it.
    pub iss: String,
    /// The site it is for.
    pub aud: String,
    /// Who: a random-looking id, no e-mail address.
    pub sub: SupporterId,
    /// When it was made.
    pub iat: i64,
    /// The first second in which it is no longer good.
    pub exp: i64,
    /// The first second in which it is good. We write none; one that is there is kept to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Its own id.
    pub jti: String,
    /// What was withdrawn from the supporter until it was made; a token of an
    /// earlier epoch is superseded.
    pub epoch: i64,
    /// What it may do.
    pub scope: TokenScope,
    /// The supporter's standing with the site.
    pub standing: Standing,
    /// The first instant when asking is allowed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<i64>,
    /// What it opens.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Tell the standing. Not more: whoever typed an address at the payment
    /// page has not shown that it is theirs.
    Standing,
}
