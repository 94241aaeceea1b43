//! Returns the results of each appeal and variant.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Query;
use actix_web::{HttpResponse, get};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::caller::ResultsReader;
use crate::clock;
use crate::reports::{self, Outcome, ResultsError, ResultsQuery};
use crate::web::State;
use crate::web::problem::{Code, Problem};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ResultsParameters {
    /// The site's id.
    #[param(example = "journal")]
    site: String,
    /// The first day, in the site's time zone.
    #[param(value_type = String, format = Date, example = "2026-11-01")]
    from: String,
    /// The last day, at most 400 days after the first.
    #[param(value_type = String, format = Date, example = "2026-11-30")]
    to: String,
    /// Only this appeal.
    appeal: Option<String>,
}

/// The results of appeals.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Results)]
struct ResultsBody {
    /// The site's id.
    site: String,
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    to: String,
    /// The IANA time zone of the days. Counts are stored by the hour. An hour that crosses midnight in this time zone
    /// counts for the day on which it begins.
    time_zone: String,
    /// When the results were read, RFC 3339. A day that has not ended is incomplete.
    #[schema(format = DateTime)]
    as_of: String,
    /// The totals of each appeal and variant.
    totals: Vec<ResultBody>,
    /// The results of each day, oldest first.
    days: Vec<ResultBody>,
    /// Appeals with learned weights for which some first views were ignored.
    ignored: Vec<IgnoredBody>,
}

/// First views that were ignored when the weights of an appeal were learned.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = IgnoredViews)]
struct IgnoredBody {
    /// The appeal's id.
    appeal: String,
    /// The number of ignored first views in the last 90 days. They were ignored because a variant had more first views
    /// than its share of readers can explain. Somebody may have sent them by hand.
    views: i64,
}

/// The results of a variant, for one day or in total.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Result)]
struct ResultBody {
    /// The day; absent in a total.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    day: Option<String>,
    /// The appeal's id; null for gifts that came through no appeal.
    appeal: Option<String>,
    /// The variant's id, or `holdout` for readers who were held out.
    variant: Option<String>,
    /// The number of readers who saw the variant.
    readers: i64,
    /// The number of views, including each reader's first.
    views: i64,
    /// The number of clicks.
    clicks: i64,
    /// The number of dismissals, of every kind.
    dismissals: i64,
    /// The number of payment pages that were opened.
    checkouts: i64,
    /// The number of contributions whose first payment arrived.
    gifts: i64,
    /// The money from all payments that arrived, including payments of older contributions. One entry for each
    /// currency.
    money: Vec<MoneyBody>,
}

/// Sums in the currency's minor unit.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ResultMoney)]
struct MoneyBody {
    /// An ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    /// The sum of what readers gave.
    received_minor: i64,
    /// The sum of refunds and disputes, minus failed refunds and disputes that were won.
    returned_minor: i64,
    /// Stripe's fees.
    fees_minor: i64,
    /// What remains after refunds, disputes and fees. The net amount of payments that Stripe settled in another
    /// currency is counted in the item of `money` for the settlement currency.
    net_minor: i64,
}

/// Get the results of appeals.
///
/// Needs a secret API key of scope `appeals:read`, `appeals:write` or `money:read`. Returns readers, views, clicks,
/// dismissals, checkouts, gifts and money for each appeal and variant, by day.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_results",
    security(("api_key" = [])),
    params(ResultsParameters),
    responses((
        status = 200, body = ResultsBody, description = "The results",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::SiteNotFound,
        Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/results")]
pub async fn read(
    app: State,
    _: ResultsReader,
    query: Result<Query<ResultsParameters>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let parameters = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?.into_inner();
    let site = app.site(&parameters.site).ok_or(Code::SiteNotFound)?;
    let query = ResultsQuery {
        from: parse_day("from", &parameters.from)?,
        to: parse_day("to", &parameters.to)?,
        site: parameters.site,
        appeal: parameters.appeal,
    };
    let rows = reports::read_results(&app.store, site, &query).await.map_err(|error| match error {
        ResultsError::Store(error) => Problem::store(&error),
        invalid => Problem::with(Code::InvalidRequest, invalid),
    })?;
    let totals = reports::totals(&rows);
    let ignored = app.store.ignored_views(&query.site).await.map_err(|error| Problem::store(&error))?;
    let answer = ResultsBody {
        site: query.site,
        from: query.from.to_string(),
        to: query.to.to_string(),
        time_zone: site.time_zone.clone(),
        as_of: clock::rfc3339(app.now_ms()),
        totals: totals
            .into_iter()
            .map(|((appeal, variant), outcome)| result_body(None, appeal, variant, outcome))
            .collect(),
        days: rows
            .into_iter()
            .map(|(key, outcome)| result_body(Some(key.day.to_string()), key.appeal, key.variant, outcome))
            .collect(),
        ignored: ignored
            .into_iter()
            .map(|row| IgnoredBody { appeal: row.appeal, views: row.views })
            .collect(),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

fn parse_day(name: &str, text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| {
        Problem::with(Code::InvalidRequest, format_args!("{name}: must be a day, such as 2026-01-31"))
    })
}

fn result_body(
    day: Option<String>,
    appeal: Option<String>,
    variant: Option<String>,
    outcome: Outcome,
) -> ResultBody {
    ResultBody {
        day,
        appeal,
        variant,
        readers: outcome.readers,
        views: outcome.views,
        clicks: outcome.clicks,
        dismissals: outcome.dismissals,
        checkouts: outcome.checkouts,
        gifts: outcome.gifts,
        money: outcome
            .money
            .into_iter()
            .map(|(currency, sums)| MoneyBody {
                currency,
                received_minor: sums.received_minor,
                returned_minor: sums.returned_minor,
                fees_minor: sums.fees_minor,
                net_minor: sums.net_minor,
            })
            .collect(),
    }
}
