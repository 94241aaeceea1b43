//! Reads a request's body.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_core::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::poll_twice::poll_twice;
use super::problem::{Code, Problem};
use crate::config::typed::{self, Notation};
use crate::telemetry::CutBody;
use crate::web::{ServerState, State};

/// The maximum size of a JSON body, in bytes. This is many times the size of a reader's whole history.
pub const JSON_LIMIT: usize = 65_536;

/// How long a body of any size may take to arrive. [`time_for`] adds time for its size.
const GRACE: Duration = Duration::from_secs(5);
/// The minimum speed of a large body, in bytes per millisecond. It is slower than any mobile network that can load a
/// page.
const MIN_BYTES_PER_MS: u64 = 4;

/// How many times the server may check the connection again before it sets a timer for the body. One such check is a
/// *turn*. It finds what the client has already sent, and it costs less than a timer.
const MAX_TURNS: u32 = 1;

/// Which content types a route reads as JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// Only `application/json`. A page of another origin can't send it without a preflight.
    Json,
    /// `application/json` and `text/plain`. A browser can send `text/plain` without a preflight.
    JsonOrPlain,
}

/// Reads a body of at most `limit` bytes, if it arrives in time.
///
/// # Errors
/// The body is larger or too slow, or the connection broke.
pub async fn read(app: &ServerState, mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut turns = 0;
    let mut next = Available::from_poll(poll_twice(&mut payload).await)?;
    if matches!(next, Available::Later) {
        next = read_available(&mut payload, &mut turns).await?;
    }
    let first = match next {
        Available::Piece(first) => first,
        Available::End => return Ok(Bytes::new()),
        Available::Later => return Box::pin(read_as_it_arrives(app, payload, BytesMut::new(), limit)).await,
    };
    check_len(first.len(), limit)?;
    let mut next = read_available(&mut payload, &mut turns).await?;
    // Most bodies arrive in one piece. That piece is returned without a copy.
    if matches!(next, Available::End) {
        return Ok(first);
    }
    let mut body = BytesMut::from(first);
    loop {
        match next {
            Available::End => return Ok(body.freeze()),
            Available::Piece(piece) => append(&mut body, &piece, limit)?,
            Available::Later => return Box::pin(read_as_it_arrives(app, payload, body, limit)).await,
        }
        next = read_available(&mut payload, &mut turns).await?;
    }
}

/// Reads the rest of a body that has not arrived yet.
async fn read_as_it_arrives(
    app: &ServerState,
    mut payload: Payload,
    mut body: BytesMut,
    limit: usize,
) -> Result<Bytes, Problem> {
    // All reserved memory counts as used by this body, including the part that holds no bytes yet.
    let mut reserved = body.capacity();
    let arriving = app.bodies.arriving(reserved);
    let timeout = Duration::from_secs(app.settings.server.body_timeout_seconds);
    let grace = GRACE.min(timeout);
    let mut timer = pin!(tokio::time::sleep(grace));
    let began = timer.deadline() - grace;
    let reject = |why| {
        app.metrics.cut_bodies.count(why);
        Err(Code::BodyTooSlow.into())
    };
    loop {
        timer.as_mut().reset(began + time_for(body.len()).min(timeout));
        let next = tokio::select! {
            biased;
            () = arriving.until_cut_off() => return reject(CutBody::Crowded),
            next = poll_fn(|context| Pin::new(&mut payload).poll_next(context)) => next,
            () = &mut timer => return reject(CutBody::Slow),
        };
        let Some(piece) = next.transpose().map_err(connection_error)? else { return Ok(body.freeze()) };
        append(&mut body, &piece, limit)?;
        arriving.grow(body.capacity().saturating_sub(reserved));
        reserved = body.capacity();
    }
}

/// How long a body of this many bytes may take to arrive.
fn time_for(bytes: usize) -> Duration {
    GRACE + Duration::from_millis(u64::try_from(bytes).unwrap_or(u64::MAX) / MIN_BYTES_PER_MS)
}

/// Adds a piece to a body, if the total stays within `limit`.
fn append(body: &mut BytesMut, piece: &[u8], limit: usize) -> Result<(), Problem> {
    check_len(body.len() + piece.len(), limit)?;
    body.extend_from_slice(piece);
    Ok(())
}

fn check_len(len: usize, limit: usize) -> Result<(), Problem> {
    match len <= limit {
        true => Ok(()),
        false => {
            Err(Problem::with(Code::BodyTooLarge, format_args!("the body must have at most {limit} bytes")))
        }
    }
}

/// The part of a body that is available now.
enum Available {
    /// The next bytes.
    Piece(Bytes),
    /// Nothing more: the body is complete.
    End,
    /// Nothing yet: the rest of the body has not arrived.
    Later,
}

impl Available {
    fn from_poll(polled: Poll<Option<Result<Bytes, PayloadError>>>) -> Result<Self, Problem> {
        match polled {
            Poll::Ready(Some(Ok(piece))) => Ok(Self::Piece(piece)),
            Poll::Ready(Some(Err(error))) => Err(connection_error(error)),
            Poll::Ready(None) => Ok(Self::End),
            Poll::Pending => Ok(Self::Later),
        }
    }
}

/// Reads the part of a body that is available now. If there is none, and fewer than [`MAX_TURNS`] turns were taken,
/// takes another turn and looks again.
async fn read_available(payload: &mut Payload, turns: &mut u32) -> Result<Available, Problem> {
    loop {
        let polled = poll_fn(|context| Poll::Ready(Pin::new(&mut *payload).poll_next(context))).await;
        match Available::from_poll(polled)? {
            Available::Later if *turns < MAX_TURNS => {
                *turns += 1;
                tokio::task::yield_now().await;
            }
            next => return Ok(next),
        }
    }
}

fn connection_error(_: PayloadError) -> Problem {
    Problem::with(Code::InvalidRequest, "the body ended early")
}

/// The media type in `Content-Type`, without its parameters; `None` if the request has no such header. It is empty if
/// the header can't be read as text.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(content_type.split(';').next().unwrap_or_default().trim())
}

/// Reads a JSON body with an accepted content type.
///
/// # Errors
/// The content type is not accepted, or [`read`] fails.
pub async fn read_json_bytes(
    request: &HttpRequest,
    payload: Payload,
    accepts: Accepts,
) -> Result<Bytes, Problem> {
    let is_accepted = match media_type(request.headers()) {
        Some(name) if name.eq_ignore_ascii_case("application/json") => true,
        Some(name) if name.eq_ignore_ascii_case("text/plain") => accepts == Accepts::JsonOrPlain,
        Some(_) => false,
        None => accepts == Accepts::JsonOrPlain,
    };
    if !is_accepted {
        return Err(Code::UnsupportedMediaType.into());
    }
    let app = request.app_data::<State>().ok_or(Code::Internal)?;
    read(app, payload, JSON_LIMIT).await
}

/// Parses JSON. At any depth, a struct is read only from a JSON object, and an enum only from a JSON string. The
/// error's detail names the field.
///
/// # Errors
/// The bytes are not JSON, or have the wrong shape.
pub fn parse_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Invalid JSON is reported below, with its position.
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        typed::read::<T>(value, Notation::Json)
            .map_err(|misfit| Problem::with(Code::InvalidRequest, misfit))?;
    }
    // A `serde_json::Value` keeps only the last of two fields with the same name, so the check above does not notice
    // the repetition. This call rejects such a body.
    parse(bytes)
}

/// Parses JSON for a type that has no nested types, or whose nested types check their own shape (as in a banner
/// request).
///
/// # Errors
/// The bytes are not JSON, or have the wrong shape. The error's detail says where.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    // serde would also accept a list, and read its items as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::with(Code::InvalidRequest, "the body must be an object, not a list"));
    }
    // Checking the whole body for UTF-8 is faster than checking each string. Invalid UTF-8 is parsed anyway, because
    // the parser's error contains the position.
    let parsed =
        std::str::from_utf8(bytes).map_or_else(|_| serde_json::from_slice(bytes), serde_json::from_str);
    parsed.map_err(|error| Problem::with(Code::InvalidRequest, error))
}
