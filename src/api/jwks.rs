//! Serves the public keys with which others can verify supporter tokens.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use serde::Serialize;

use crate::web::State;

/// A JWK Set (RFC 7517).
#[derive(Serialize, utoipa::ToSchema)]
struct JwkSet {
    /// Ed25519 keys (RFC 8037). The first one signs new tokens.
    #[schema(value_type = Vec<JwkShape>)]
    keys: Vec<serde_json::Value>,
}

/// A public key.
#[derive(utoipa::ToSchema)]
#[schema(as = Jwk)]
#[expect(dead_code, reason = "only used for the API description")]
struct JwkShape {
    /// Always `OKP`.
    kty: String,
    /// Always `Ed25519`.
    crv: String,
    /// Always `EdDSA`. Accept no other value.
    alg: String,
    /// Always `sig`.
    r#use: String,
    /// The key's id, as in a token's header.
    kid: String,
    /// The public key itself, in base64url.
    x: String,
}

/// Get the public keys for supporter tokens.
///
/// A back end uses these keys to verify a supporter token offline. Verify the signature with the key that `kid` in the
/// header names. Check that in the header, `alg` is `EdDSA`, `typ` is `supporter+jwt`, and `crit` and `b64` are absent.
/// Check that `iss` is this service's public URL without the trailing slash, `aud` is the site's id, `exp` is in the
/// future, and `nbf` is in the past, if present. Any page can read the keys.
#[utoipa::path(
    tag = "Tokens",
    operation_id = "read_public_keys",
    responses((
        status = 200, body = JwkSet, description = "The keys",
        headers(
            ("Cache-Control" = String, description = "One hour"),
            ("Access-Control-Allow-Origin" = String, description = "`*`"),
        ),
    )),
)]
#[get("/.well-known/jwks.json")]
pub async fn keys(app: State) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .json(JwkSet { keys: app.tokens.jwks() })
}
