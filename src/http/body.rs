//! Reading a request's body.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Payload};
use serde::Deserialize;

use super::problem::{Code, Problem};

/// The largest JSON body that is read: a reader's whole history fits many times.
pub const JSON_LIMIT: usize = 65_536;

/// Which content types a route reads as JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// `application/json` only: a page of another origin can't send it without being asked for.
    Json,
    /// `text/plain` too: it costs a browser no preflight.
    JsonOrPlain,
}

/// The bytes, if they are not more than `limit`.
///
/// # Errors
/// There are more, or the connection broke.
pub async fn read(payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Problem::with(Code::InvalidRequest, "the body broke off")),
        Err(_) => Err(Problem::with(Code::BodyTooLarge, format_args!("at most {limit} bytes"))),
    }
}

/// The bytes of a JSON body of an accepted content type.
///
/// # Errors
/// Another content type, or as [`read`].
pub async fn read_json_bytes(
    request: &HttpRequest,
    payload: Payload,
    accepts: Accepts,
) -> Result<Bytes, Problem> {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    let good = match media_type {
        Some(name) if name.eq_ignore_ascii_case("application/json") => true,
        Some(name) if name.eq_ignore_ascii_case("text/plain") => accepts == Accepts::JsonOrPlain,
        Some(_) => false,
        None => accepts == Accepts::JsonOrPlain,
    };
    if good { read(payload, JSON_LIMIT).await } else { Err(Code::UnsupportedMediaType.into()) }
}

/// Reads JSON.
///
/// # Errors
/// It is not JSON, or not of the right shape; the detail says where.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    // serde would also read a list, as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::with(Code::InvalidRequest, "the body is a list and not an object"));
    }
    serde_json::from_slice(bytes).map_err(|error| Problem::with(Code::InvalidRequest, error))
}
