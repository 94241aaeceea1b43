//! Sends HTTP requests to Stripe. The library async-stripe builds the requests.
//!
//! The library's own client is not used, for two reasons. It reads a response of any size into memory, and it logs two
//! lines for each failed attempt.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use stripe::StripeError;
use stripe_client_core::{CustomizedStripeRequest, RequestBuilder, StripeClient, StripeMethod};
use tokio::time::timeout;

/// The maximum size of a response, in bytes. A page of a list has up to 100 objects, and each contains other objects.
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests to Stripe.
#[derive(Clone)]
pub struct HttpClient {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
    timeout: Duration,
}

impl HttpClient {
    /// Creates a client with a key, for the API at `base`, which ends in a slash. `timeout` limits a whole call.
    ///
    /// # Errors
    /// The key can't be sent in a header, or the base is not a URL. The message contains neither.
    pub fn new(key: &str, base: String, timeout: Duration) -> Result<Self, String> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| "the key contains characters that can't be sent".to_owned())?;
        authorization.set_sensitive(true);
        if base.parse::<hyper::Uri>().is_err() {
            return Err("the address is not a URL".to_owned());
        }
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http();
        let connector = connector.enable_http1().enable_http2().build();
        // Each call uses its own connection. A connection can't be used any more once the thread that opened it has
        // ended.
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { http, base, authorization, timeout })
    }

    fn request(&self, call: RequestBuilder, key: Option<&str>) -> Result<Request<Full<Bytes>>, StripeError> {
        let query = call.query.map_or_else(String::new, |query| format!("?{query}"));
        let method = match call.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}v1{}{query}", self.base, call.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, concat!("keepopen/", env!("CARGO_PKG_VERSION")))
            .header(HeaderName::from_static("stripe-version"), stripe_client_core::VERSION.as_str());
        if let Some(key) = key {
            request = request.header(HeaderName::from_static("idempotency-key"), key);
        }
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(call.body.unwrap_or_default()));
        request.body(body).map_err(|_| StripeError::ConfigError("the request can't be sent".to_owned()))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, StripeError> {
        let unreachable = || StripeError::ClientError("no response".to_owned());
        let response = self.http.request(request).await.map_err(|_| unreachable())?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await;
        let body = body.map_err(|_| unreachable())?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let unreadable = || StripeError::JSONDeserialize("the response is not Stripe's".to_owned());
        let text = std::str::from_utf8(&body).map_err(|_| unreadable())?;
        let error: stripe_shared::Error = miniserde::json::from_str(text).map_err(|_| unreadable())?;
        Err(StripeError::Stripe(error.error, status.as_u16()))
    }
}

impl StripeClient for HttpClient {
    type Err = StripeError;

    /// Sends the request once. The caller decides about retries.
    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, StripeError> {
        let (request, config) = request.into_pieces();
        let key = config.request_strategy.and_then(|strategy| strategy.get_key());
        let request = self.request(request, key.as_ref().map(|key| key.as_str()))?;
        timeout(self.timeout, self.send(request)).await.unwrap_or(Err(StripeError::Timeout))
    }
}
