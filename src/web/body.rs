//! Reads a request's body.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_core::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{Code, Problem};
use super::second_look::second_look;
use crate::app::App;
use crate::config::typed::{self, Notation};
use crate::telemetry::CutBody;
use crate::web::State;

/// The maximum size of a JSON body: enough for many times a reader's whole history.
pub const JSON_LIMIT: usize = 65_536;

/// How long any body may take.
const GRACE: Duration = Duration::from_secs(5);
/// The minimum speed of the rest, in bytes per millisecond: slower than any mobile network that can load a page.
const MIN_BYTES_PER_MS: u64 = 4;

/// How often the server may check the connection before a timer is set for the body. What the client has already sent
/// arrives within one turn, and a timer costs more.
const TURNS: u32 = 1;

/// Which content types a route reads as JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// `application/json` only: a page of another origin can't send it without a preflight.
    Json,
    /// `text/plain` too: it saves a browser the preflight.
    JsonOrPlain,
}

/// Reads at most `limit` bytes, if they arrive in time.
///
/// # Errors
/// The body is larger or too slow, or the connection broke.
pub async fn read(app: &App, mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut turns = 0;
    let mut next = Next::of(second_look(&mut payload).await)?;
    if matches!(next, Next::Later) {
        next = soon(&mut payload, &mut turns).await?;
    }
    let first = match next {
        Next::Piece(first) => first,
        Next::End => return Ok(Bytes::new()),
        Next::Later => return Box::pin(read_as_it_arrives(app, payload, BytesMut::new(), limit)).await,
    };
    fits(first.len(), limit)?;
    let mut next = soon(&mut payload, &mut turns).await?;
    // Most bodies arrive in one piece, which is used as it is.
    if matches!(next, Next::End) {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    loop {
        match next {
            Next::End => return Ok(whole.freeze()),
            Next::Piece(piece) => add(&mut whole, &piece, limit)?,
            Next::Later => return Box::pin(read_as_it_arrives(app, payload, whole, limit)).await,
        }
        next = soon(&mut payload, &mut turns).await?;
    }
}

/// Reads the rest of a body that has not arrived yet.
async fn read_as_it_arrives(
    app: &App,
    mut payload: Payload,
    mut whole: BytesMut,
    limit: usize,
) -> Result<Bytes, Problem> {
    // Reserved memory counts whether it holds bytes or not.
    let mut reserved = whole.capacity();
    let arriving = app.bodies.arriving(reserved);
    let timeout = Duration::from_secs(app.settings.server.body_timeout_seconds);
    let grace = GRACE.min(timeout);
    let mut timer = pin!(tokio::time::sleep(grace));
    let began = timer.deadline() - grace;
    let cut = |why| {
        app.metrics.cut_bodies.count(why);
        Err(Code::BodyTooSlow.into())
    };
    loop {
        timer.as_mut().reset(began + time_for(whole.len()).min(timeout));
        let next = tokio::select! {
            biased;
            () = arriving.is_cut() => return cut(CutBody::Crowded),
            next = poll_fn(|context| Pin::new(&mut payload).poll_next(context)) => next,
            () = &mut timer => return cut(CutBody::Slow),
        };
        let Some(piece) = next.transpose().map_err(broken)? else { return Ok(whole.freeze()) };
        add(&mut whole, &piece, limit)?;
        arriving.grow(whole.capacity().saturating_sub(reserved));
        reserved = whole.capacity();
    }
}

/// How long this many bytes may take.
fn time_for(bytes: usize) -> Duration {
    GRACE + Duration::from_millis(u64::try_from(bytes).unwrap_or(u64::MAX) / MIN_BYTES_PER_MS)
}

/// Adds a piece, if the total stays within `limit`.
fn add(whole: &mut BytesMut, piece: &[u8], limit: usize) -> Result<(), Problem> {
    fits(whole.len() + piece.len(), limit)?;
    whole.extend_from_slice(piece);
    Ok(())
}

fn fits(len: usize, limit: usize) -> Result<(), Problem> {
    match len <= limit {
        true => Ok(()),
        false => Err(Problem::with(Code::BodyTooLarge, format_args!("at most {limit} bytes"))),
    }
}

/// What is available of a body now.
enum Next {
    Piece(Bytes),
    End,
    Later,
}

impl Next {
    fn of(read: Poll<Option<Result<Bytes, PayloadError>>>) -> Result<Self, Problem> {
        match read {
            Poll::Ready(Some(Ok(piece))) => Ok(Self::Piece(piece)),
            Poll::Ready(Some(Err(error))) => Err(broken(error)),
            Poll::Ready(None) => Ok(Self::End),
            Poll::Pending => Ok(Self::Later),
        }
    }
}

/// What is available of a body, after another turn if any is left.
async fn soon(payload: &mut Payload, turns: &mut u32) -> Result<Next, Problem> {
    loop {
        let read = poll_fn(|context| Poll::Ready(Pin::new(&mut *payload).poll_next(context))).await;
        match Next::of(read)? {
            Next::Later if *turns < TURNS => {
                *turns += 1;
                tokio::task::yield_now().await;
            }
            next => return Ok(next),
        }
    }
}

fn broken(_: PayloadError) -> Problem {
    Problem::with(Code::InvalidRequest, "the body ended early")
}

/// Reads a JSON body with an accepted content type.
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
    if !good {
        return Err(Code::UnsupportedMediaType.into());
    }
    let app = request.app_data::<State>().ok_or(Code::Internal)?;
    read(app, payload, JSON_LIMIT).await
}

/// Parses JSON. An object is only read from an object and an enum from a text, at any depth. The error's detail names the
/// field.
///
/// # Errors
/// It is not JSON, or has the wrong shape.
pub fn parse_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Invalid JSON is reported below, with its position.
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        typed::read::<T>(value, Notation::Json)
            .map_err(|misfit| Problem::with(Code::InvalidRequest, misfit))?;
    }
    // A JSON value keeps the last of two fields with the same name; this rejects them.
    parse(bytes)
}

/// Parses JSON whose parts check their own shape, as those of a banner question do, or that has no parts.
///
/// # Errors
/// It is not JSON, or has the wrong shape; the detail says where.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    // serde would also read a list, as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::with(Code::InvalidRequest, "the body must be an object, not a list"));
    }
    // Checking a whole body for UTF-8 is faster than checking each text. An invalid one is parsed anyway, for an error with
    // its position.
    let read =
        std::str::from_utf8(bytes).map_or_else(|_| serde_json::from_slice(bytes), serde_json::from_str);
    read.map_err(|error| Problem::with(Code::InvalidRequest, error))
}
