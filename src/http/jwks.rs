//! The public keys.

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use actix_web::{HttpResponse, get};
use serde::Serialize;

use super::State;

/// A JWK Set (RFC 7517).
#[derive(Serialize, utoipa::ToSchema)]
struct JwkSet {
    /// Ed25519 keys (RFC 8037), the one that signs first.
    keys: Vec<serde_json::Value>,
}

/// The public keys of supporter tokens.
#[utoipa::path(
    tag = "Tokens",
    responses((status = 200, body = JwkSet, description = "The keys; may be kept for an hour"))
)]
#[get("/.well-known/jwks.json")]
pub async fn keys(app: State) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .json(JwkSet { keys: app.tokens.jwks() })
}
