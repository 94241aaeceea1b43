//! Lists contributions, and shows one with all its details.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Query};
use actix_web::{HttpResponse, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::shapes::{ContributionDetailShape, ContributionShape, ContributionsShape, IntervalShape};
use crate::api::caller::MoneyReader;
use crate::clock::parse_time_ms;
use crate::contributions::{ContributionState, Frequency};
use crate::ids::{ContributionId, SupporterId};
use crate::money::Currency;
use crate::store::pages::{ContributionFilter, Cursor};
use crate::web::State;
use crate::web::problem::{Code, Problem};

/// The default number of contributions on a page.
const DEFAULT_LIMIT: u32 = 50;
/// The maximum number of contributions on a page.
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only contributions to this site.
    site: Option<String>,
    /// Only contributions in this state.
    #[param(inline)]
    state: Option<ContributionState>,
    /// Only contributions with this interval.
    #[param(inline)]
    interval: Option<IntervalShape>,
    /// With `interval`: the number of days, weeks, months or years between two payments. 3 with `month` finds
    /// quarterly contributions.
    #[param(minimum = 1, maximum = 9999, default = 1)]
    interval_count: Option<u32>,
    /// Only contributions in this currency, ISO 4217.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// With `true`, only recurring contributions that will be charged again. Use it before you retire a currency, to
    /// find the contributions that must end first.
    running: Option<bool>,
    /// Only contributions of this supporter.
    #[param(example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: Option<String>,
    /// Only contributions that began at this time or later: RFC 3339, or a day (`2026-01-31`), which begins at
    /// midnight UTC.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only contributions that began before this time or day.
    #[param(format = DateTime)]
    to: Option<String>,
    /// The number of contributions on a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` value of the previous page.
    after: Option<String>,
}

/// List contributions, newest first.
///
/// Needs a secret API key of scope `money:read`. To get the next page, send `next` as `after`. Contributions that
/// begin while you page through the list do not appear on the following pages. No contribution that existed at the
/// start is repeated or skipped.
#[utoipa::path(
    tag = "Money",
    operation_id = "list_contributions",
    security(("api_key" = [])),
    params(ListQuery),
    responses((
        status = 200, body = ContributionsShape, description = "A page of contributions",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/contributions")]
pub async fn list(
    app: State,
    _: MoneyReader,
    query: Result<Query<ListQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?.into_inner();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::with(Code::InvalidRequest, format!("limit: must be from 1 to {MAX_LIMIT}")));
    }
    let after = query.after.as_deref().map(decode_cursor).transpose()?;
    let filter = ContributionFilter {
        site: query.site.map(|site| reject_nul("site", site)).transpose()?,
        state: query.state,
        frequency: parse_frequency(query.interval, query.interval_count)?,
        currency: query.currency.as_deref().map(parse_currency).transpose()?,
        running: query.running.unwrap_or(false),
        supporter: query.supporter.as_deref().map(parse_supporter).transpose()?,
        from_ms: query.from.as_deref().map(|text| parse_time("from", text)).transpose()?,
        to_ms: query.to.as_deref().map(|text| parse_time("to", text)).transpose()?,
    };
    // Reads one contribution more than the page shows, to find out whether there is a next page.
    let rows = app.store.contributions_after(&filter, after.as_ref(), i64::from(limit) + 1).await;
    let mut rows = rows.map_err(|error| Problem::store(&error))?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|last| encode_cursor(&Cursor::of(last)));
    let contributions = rows.into_iter().map(ContributionShape::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ContributionsShape { contributions, next }))
}

/// Get a contribution with its payments and ledger entries.
///
/// Needs a secret API key of scope `money:read`.
#[utoipa::path(
    tag = "Money",
    operation_id = "read_contribution",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "`con_…`")),
    responses((
        status = 200, body = ContributionDetailShape, description = "The contribution, with everything that is booked for it",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::ContributionNotFound, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/contributions/{id}")]
pub async fn read(app: State, _: MoneyReader, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = ContributionId::parse(&id).map_err(|_| Code::ContributionNotFound)?;
    let found = app.store.contribution_detail(&id).await.map_err(|error| Problem::store(&error))?;
    let detail = ContributionDetailShape::from(found.ok_or(Code::ContributionNotFound)?);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(detail))
}

/// Parses a time into milliseconds since 1970.
pub(super) fn parse_time(name: &str, text: &str) -> Result<i64, Problem> {
    parse_time_ms(text).map_err(|error| Problem::with(Code::InvalidRequest, format!("{name}: {error}")))
}

fn parse_frequency(
    interval: Option<IntervalShape>,
    count: Option<u32>,
) -> Result<Option<Frequency>, Problem> {
    let Some(interval) = interval else {
        return match count {
            None => Ok(None),
            Some(_) => Err(Problem::with(Code::InvalidRequest, "interval_count: needs `interval` too")),
        };
    };
    Frequency::parse(interval.as_str(), i64::from(count.unwrap_or(1)))
        .map(Some)
        .ok_or_else(|| Problem::with(Code::InvalidRequest, "interval_count: must be from 1 to 9999"))
}

fn parse_currency(code: &str) -> Result<Currency, Problem> {
    Currency::parse(code).map_err(|error| Problem::with(Code::InvalidRequest, format!("currency: {error}")))
}

/// Rejects a text with a NUL character, because PostgreSQL does not accept this character in a text. No site's id
/// contains it.
pub(super) fn reject_nul(name: &str, text: String) -> Result<String, Problem> {
    if text.contains('\0') {
        return Err(Problem::with(Code::InvalidRequest, format!("{name}: must not contain a NUL character")));
    }
    Ok(text)
}

fn parse_supporter(text: &str) -> Result<SupporterId, Problem> {
    SupporterId::parse(text)
        .map_err(|error| Problem::with(Code::InvalidRequest, format!("supporter: {error}")))
}

/// Encodes a position in the list as an opaque text.
fn encode_cursor(cursor: &Cursor) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", cursor.at_ms, cursor.id))
}

fn decode_cursor(encoded: &str) -> Result<Cursor, Problem> {
    let decode = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
        let (at_ms, id) = text.split_once(' ')?;
        let id = ContributionId::parse(id).ok()?;
        Some(Cursor { at_ms: at_ms.parse().ok()?, id: id.into() })
    };
    decode().ok_or_else(|| Problem::with(Code::InvalidRequest, "after: must be the `next` value of a page"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_cursor_decodes_to_the_same_position_and_other_texts_are_rejected() {
        let cursor = Cursor { at_ms: -5, id: ContributionId::from_bytes([7; 16]).into() };
        assert_eq!(decode_cursor(&encode_cursor(&cursor)).unwrap(), cursor);
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for invalid in [
            String::new(),
            "con_1".to_owned(),
            encode("1 con_1"),
            encode("x"),
            encode("9 "),
            encode_cursor(&cursor) + "=",
        ] {
            assert_eq!(decode_cursor(&invalid).unwrap_err().code, Code::InvalidRequest, "{invalid}");
        }
    }
}
