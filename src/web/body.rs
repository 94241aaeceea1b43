//! Reading a request's body.

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

/// The largest JSON body that is read: a reader's whole history fits many times.
pub const JSON_LIMIT: usize = 65_536;

/// How long a body may take in any case.
const GRACE: Duration = Duration::from_secs(5);
/// How fast the rest must arrive, in bytes a millisecond: slower than any mobile network that loads a page.
const MIN_BYTES_PER_MS: u64 = 4;

/// How often the server may look at the connection again before a timer is set for the body: what the client has sent already is there
/// after a turn, and a timer costs more.
const TURNS: u32 = 1;

/// Which content types a route reads as JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// `application/json` only: a page of another origin can't send it without being asked for.
    Json,
    /// `text/plain` too: it costs a browser no preflight.
    JsonOrPlain,
}

/// The bytes, if they are not more than `limit` and arrive in time.
///
/// # Errors
/// There are more, they are too slow, or the connection broke.
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
    // Most bodies come in one piece, which is taken as it is.
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

/// Reads the rest of a body that is not there yet.
async fn read_as_it_arrives(
    app: &App,
    mut payload: Payload,
    mut whole: BytesMut,
    limit: usize,
) -> Result<Bytes, Problem> {
    // Room that is reserved is taken, whether bytes are in it or not.
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

/// How long so many bytes may take.
fn time_for(bytes: usize) -> Duration {
    GRACE + Duration::from_millis(u64::try_from(bytes).unwrap_or(u64::MAX) / MIN_BYTES_PER_MS)
}

/// Adds a piece, if the whole still is not more than `limit`.
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

/// What there is of a body now.
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

/// What there is of a body, after a turn if that is left.
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
    Problem::with(Code::InvalidRequest, "the body broke off")
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
    if !good {
        return Err(Code::UnsupportedMediaType.into());
    }
    let app = request.app_data::<State>().ok_or(Code::Internal)?;
    read(app, payload, JSON_LIMIT).await
}

/// Reads JSON, of which an object is only ever read from an object and a word from a text, at any depth. The detail names the field.
///
/// # Errors
/// It is not JSON, or not of the right shape.
pub fn parse_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // What is no JSON at all is told below, with its place.
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        typed::read::<T>(value, Notation::Json)
            .map_err(|misfit| Problem::with(Code::InvalidRequest, misfit))?;
    }
    // A value holds the last of two fields of one name; this refuses them.
    parse(bytes)
}

/// Reads JSON whose parts see to their own shape, as those of a banner question do, or that has no parts.
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
