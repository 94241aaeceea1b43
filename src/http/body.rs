//! Reading a request's body.

use std::future::poll_fn;
use std::pin::Pin;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_core::Stream;
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
pub async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let fits = |len: usize| match len <= limit {
        true => Ok(()),
        false => Err(Problem::with(Code::BodyTooLarge, format_args!("at most {limit} bytes"))),
    };
    let first = piece(&mut payload).await?.unwrap_or_default();
    fits(first.len())?;
    // Most bodies come in one piece, which is taken as it is.
    let Some(second) = piece(&mut payload).await? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(piece_of_it) = next {
        fits(whole.len() + piece_of_it.len())?;
        whole.extend_from_slice(&piece_of_it);
        next = piece(&mut payload).await?;
    }
    Ok(whole.freeze())
}

async fn piece(payload: &mut Payload) -> Result<Option<Bytes>, Problem> {
    let next = poll_fn(|context| Pin::new(&mut *payload).poll_next(context)).await;
    next.transpose().map_err(|_| Problem::with(Code::InvalidRequest, "the body broke off"))
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
    // Whole bodies are checked to be UTF-8 faster than text by text. One that is not is read for the complaint, which says where.
    let read =
        std::str::from_utf8(bytes).map_or_else(|_| serde_json::from_slice(bytes), serde_json::from_str);
    read.map_err(|error| Problem::with(Code::InvalidRequest, error))
}
