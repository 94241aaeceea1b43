//! The payments export, streamed as CSV.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Bytes, Query};
use actix_web::{HttpResponse, get};
use futures_core::Stream;
use serde::Deserialize;

use super::reading::{parse_time, reject_nul};
use crate::api::caller::MoneyReader;
use crate::reports::PaymentsExport;
use crate::store::StoreError;
use crate::store::pages::PaymentFilter;
use crate::web::State;
use crate::web::problem::{Code, Problem};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Only payments to this site.
    site: Option<String>,
    /// Only payments at this time or later: RFC 3339, or a day (`2026-01-31`), which begins at midnight UTC.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only payments before this time or day.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// Export payments as CSV.
///
/// Needs a secret API key of scope `money:read`. The table has one line for each payment, oldest first. Each line
/// shows the payment's state when the export reads that payment. Amounts have the decimals of their currency.
/// `docs/money.md` explains the columns. If the export fails midway, the connection closes without the last chunk, so
/// that clients notice the incomplete download.
#[utoipa::path(
    tag = "Money",
    operation_id = "export_payments",
    security(("api_key" = [])),
    params(ExportQuery),
    responses((
        status = 200, body = String, content_type = "text/csv", description = "One line for each payment (RFC 4180)",
        headers(
            ("Cache-Control" = String, description = "`no-store`"),
            ("Content-Disposition" = String, description = "The file name"),
            ("X-Content-Type-Options" = String, description = "`nosniff`"),
        ),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/contributions/export.csv")]
pub async fn csv(
    app: State,
    _: MoneyReader,
    query: Result<Query<ExportQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?.into_inner();
    let filter = PaymentFilter {
        site: query.site.map(|site| reject_nul("site", site)).transpose()?,
        from_ms: query.from.as_deref().map(|text| parse_time("from", text)).transpose()?,
        to_ms: query.to.as_deref().map(|text| parse_time("to", text)).transpose()?,
    };
    let mut export = PaymentsExport::new(app.store.clone(), filter);
    // Reads the first page before the response begins, so that an unavailable database can still be reported as an
    // error.
    let first_page = export.next_page().await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"payments.csv\""))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .streaming(Pages { first: first_page.map(Bytes::from), reading: Some(read_next_page(export)) }))
}

type PageRead = Pin<Box<dyn Future<Output = (PaymentsExport, Result<Option<String>, StoreError>)>>>;

fn read_next_page(mut export: PaymentsExport) -> PageRead {
    Box::pin(async move {
        let page = export.next_page().await;
        (export, page)
    })
}

/// The pages of an export. Each page is read when the previous page has been sent.
struct Pages {
    /// The first page, until it is sent. It was read before the response began.
    first: Option<Bytes>,
    /// The read of the next page. `None` after the last page or an error.
    reading: Option<PageRead>,
}

impl Stream for Pages {
    type Item = Result<Bytes, actix_web::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let (export, page) = ready!(reading.as_mut().poll(context));
        self.reading = None;
        Poll::Ready(match page {
            Ok(Some(text)) => {
                self.reading = Some(read_next_page(export));
                Some(Ok(Bytes::from(text)))
            }
            Ok(None) => None,
            // This error ends the response early, so that the client sees that the download is incomplete.
            Err(error) => Some(Err(Problem::store(&error).into())),
        })
    }
}
