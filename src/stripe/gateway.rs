//! Calls Stripe's API.

use std::time::Duration;

use miniserde::json::Value;
use stripe::{IdempotencyKey, RequestStrategy, StripeError};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionCustomerCreation as CustomerCreation,
    CreateCheckoutSessionLineItems as LineItem, CreateCheckoutSessionLineItemsPriceData as PriceData,
    CreateCheckoutSessionLineItemsPriceDataRecurring as Recurring,
    CreateCheckoutSessionLineItemsPriceDataRecurringInterval as RecurringInterval,
    CreateCheckoutSessionPaymentIntentData as PaymentIntentData,
    CreateCheckoutSessionSubscriptionData as SubscriptionData, ProductData, RetrieveCheckoutSession,
};
use stripe_client_core::{CustomizableStripeRequest, RequestBuilder, StripeRequest};
use stripe_types::Currency;
use url::Url;

use super::client::HttpClient;
use super::metadata;
use crate::config::{StripeSettings, is_loopback};
use crate::contributions::Origin;
use crate::money::Money;
use crate::sites::Interval;
use crate::telemetry::{CallOutcome, Counts};

/// The maximum number of tries of a call whose outcome is unknown.
const MAX_TRIES: u32 = 3;
/// The pause after the first try. The pause after the second try is twice as long. Both are short, because a reader
/// waits.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Calls Stripe's API.
#[derive(Clone)]
pub struct Gateway {
    client: Option<HttpClient>,
    /// Whether payment pages on this machine may use plain http. Only a practice Stripe (our imitation of Stripe) has
    /// such pages.
    allows_http_pages: bool,
    calls: Counts<CallOutcome>,
}

/// A checkout to be created.
#[derive(Debug)]
pub struct NewCheckout<'a> {
    /// The product name on the payment page.
    pub name: &'a str,
    /// The amount of each payment.
    pub money: Money,
    /// The part of the amount that covers Stripe's fee, in the minor unit; `None` if the reader does not cover the
    /// fee.
    pub fee_minor: Option<i64>,
    /// How often the reader pays.
    pub interval: Interval,
    /// Where the reader goes after paying. The URL can contain `{CHECKOUT_SESSION_ID}`, which Stripe replaces with the
    /// session's id.
    pub success_url: &'a str,
    /// Where the reader goes after cancelling.
    pub cancel_url: &'a str,
    /// The language of the payment page, as a BCP 47 tag.
    pub locale: &'a str,
    /// The metadata of every object that results from this checkout.
    pub origin: &'a Origin,
    /// The idempotency key, at most 255 characters.
    pub key: &'a str,
}

/// A Checkout Session that Stripe created.
#[derive(Debug)]
pub struct MadeSession {
    /// The session's id (`cs_…`).
    pub id: String,
    /// The URL of the payment page. It uses https, except for a practice Stripe on this machine.
    pub url: String,
}

/// The session in Stripe's response.
#[derive(Debug, miniserde::Deserialize)]
struct SessionJson {
    id: String,
    url: Option<String>,
}

/// Why a call to Stripe failed. The error never contains a secret or a body.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CallError {
    /// No key is configured.
    #[error("no Stripe key is configured; set stripe.secret_key")]
    NotConfigured,
    /// Stripe has no such object.
    #[error("Stripe has no such object")]
    NotFound,
    /// Stripe rejected the request.
    #[error("Stripe refused the request (status {status}, code {code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Stripe's code, or `none`.
        code: String,
    },
    /// Stripe failed, and stored that failure under the idempotency key.
    #[error("Stripe failed (status {status})")]
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// Stripe did not execute the call. Either there are too many calls at the same time, or another call with the
    /// same idempotency key is in progress.
    #[error("Stripe is busy (status {status})")]
    Busy {
        /// The HTTP status, which is 409 or 429.
        status: u16,
    },
    /// The session has no payment page, or the page's URL does not use https.
    #[error("Stripe returned no URL of a payment page; check stripe.api_url")]
    BadPage,
    /// There was no readable response, so Stripe may or may not have carried out the call.
    #[error("Stripe could not be reached")]
    Unreachable,
}

/// The error for Stripe settings with which no call is possible.
#[derive(Debug, thiserror::Error)]
#[error("the Stripe client can't be created ({0}); check stripe.secret_key and stripe.api_url")]
pub struct BadGateway(String);

impl Gateway {
    /// Creates a gateway to the configured Stripe. Without a key, every call fails.
    ///
    /// # Errors
    /// The key or the URL can't be used in an HTTP request.
    pub fn new(settings: &StripeSettings) -> Result<Self, BadGateway> {
        if settings.secret_key.is_empty() {
            return Ok(Self { client: None, allows_http_pages: false, calls: Counts::unread() });
        }
        let mut base = settings.api_url.to_string();
        if !base.ends_with('/') {
            base.push('/');
        }
        let allows_http_pages = settings.api_url.scheme() == "http";
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let client = HttpClient::new(settings.secret_key.expose(), base, timeout).map_err(BadGateway)?;
        Ok(Self { client: Some(client), allows_http_pages, calls: Counts::unread() })
    }

    /// Counts the gateway's calls in `calls`.
    #[must_use]
    pub fn counting(self, calls: Counts<CallOutcome>) -> Self {
        Self { calls, ..self }
    }

    /// Creates a hosted Checkout Session.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_checkout(&self, new: &NewCheckout<'_>) -> Result<MadeSession, CallError> {
        let client = self.client.as_ref().ok_or(CallError::NotConfigured)?;
        let key = IdempotencyKey::new(new.key)
            .map_err(|_| CallError::Refused { status: 400, code: "idempotency_key".to_owned() })?;
        let request = checkout_request(new);
        let send = || {
            let strategy = RequestStrategy::Idempotent(key.clone());
            sort_form_fields(request.build()).customize::<SessionJson>().request_strategy(strategy)
        };
        let made: SessionJson = self.send_with_retries(client, send).await?;
        let url = made.url.filter(|url| self.is_payment_page(url)).ok_or(CallError::BadPage)?;
        Ok(MadeSession { id: made.id, url })
    }

    /// Whether a reader can be sent to this URL to pay.
    fn is_payment_page(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        match url.scheme() {
            "https" => url.host().is_some(),
            "http" => self.allows_http_pages && is_loopback(&url),
            _ => false,
        }
    }

    /// Fetches a Checkout Session as JSON text. It contains the payment intent, the charge (which has the payment's
    /// date), the invoice, and what paid the invoice.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn fetch_session(&self, id: &str) -> Result<String, CallError> {
        let client = self.client.as_ref().ok_or(CallError::NotConfigured)?;
        let request = RetrieveCheckoutSession::new(id)
            .expand(vec!["payment_intent.latest_charge".to_owned(), "invoice.payments".to_owned()]);
        let value: Value = self.send_with_retries(client, || request.build().customize::<Value>()).await?;
        Ok(miniserde::json::to_string(&value))
    }

    /// Returns the client, if a key is configured.
    pub(super) fn client(&self) -> Result<&HttpClient, CallError> {
        self.client.as_ref().ok_or(CallError::NotConfigured)
    }

    /// Whether a key is configured.
    pub fn is_configured(&self) -> bool {
        self.client.is_some()
    }

    /// Sends a request. If the outcome is unknown, or if Stripe is busy, sends the request again with the same
    /// idempotency key.
    pub(super) async fn send_with_retries<T: miniserde::Deserialize>(
        &self,
        client: &HttpClient,
        request: impl Fn() -> CustomizableStripeRequest<T>,
    ) -> Result<T, CallError> {
        let mut tries = 1;
        loop {
            let outcome = request().send(client).await.map_err(|error| call_error(&error));
            self.calls.count(outcome_label(&outcome));
            match outcome {
                Err(CallError::Unreachable | CallError::Busy { .. }) if tries < MAX_TRIES => {
                    tokio::time::sleep(FIRST_PAUSE * tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

fn outcome_label<T>(outcome: &Result<T, CallError>) -> CallOutcome {
    match outcome {
        Ok(_) => CallOutcome::Ok,
        Err(CallError::NotFound) => CallOutcome::NotFound,
        Err(CallError::Refused { .. } | CallError::NotConfigured) => CallOutcome::Refused,
        Err(CallError::Failed { .. } | CallError::BadPage) => CallOutcome::Failed,
        Err(CallError::Busy { .. }) => CallOutcome::Busy,
        Err(CallError::Unreachable) => CallOutcome::Unreachable,
    }
}

fn call_error(error: &StripeError) -> CallError {
    match error {
        StripeError::Stripe(_, 404) => CallError::NotFound,
        StripeError::Stripe(_, status @ (409 | 429)) => CallError::Busy { status: *status },
        StripeError::Stripe(_, status) if *status >= 500 => CallError::Failed { status: *status },
        StripeError::Stripe(api, status) => {
            let code = api.code.as_ref().map_or("none", |code| code.as_str());
            CallError::Refused { status: *status, code: code.to_owned() }
        }
        // A response in HTML, such as a proxy's 502, is an unreadable response.
        StripeError::JSONDeserialize(_) | StripeError::ClientError(_) | StripeError::Timeout => {
            CallError::Unreachable
        }
        StripeError::ConfigError(_) => CallError::NotConfigured,
    }
}

/// Puts the form fields of a request into alphabetical order. Two calls with the same idempotency key must be equal
/// byte for byte, but the library writes metadata from a hash map, whose order varies.
fn sort_form_fields(mut request: RequestBuilder) -> RequestBuilder {
    request.body = request.body.map(|form| {
        let mut fields: Vec<&str> = form.split('&').collect();
        fields.sort_unstable();
        fields.join("&")
    });
    request
}

fn checkout_request(new: &NewCheckout<'_>) -> CreateCheckoutSession {
    let metadata = metadata::write(new.origin, new.fee_minor);
    let currency: Currency = match new.money.currency.stripe_code().parse() {
        Ok(currency) => currency,
        Err(never) => match never {},
    };
    let mut price = PriceData::new(currency);
    price.unit_amount = Some(new.money.amount_minor);
    price.product_data = Some(ProductData::new(new.name));
    price.recurring = match new.interval {
        Interval::Once => None,
        Interval::Month => Some(Recurring::new(RecurringInterval::Month)),
        Interval::Year => Some(Recurring::new(RecurringInterval::Year)),
    };
    let mut item = LineItem::new();
    item.price_data = Some(price);
    item.quantity = Some(1);
    let request = CreateCheckoutSession::new()
        .line_items(vec![item])
        .client_reference_id(new.origin.contribution.as_str())
        .success_url(new.success_url)
        .cancel_url(new.cancel_url)
        .locale(page_locale(new.locale))
        .metadata(metadata.clone());
    match new.interval {
        Interval::Once => {
            let mut intent = PaymentIntentData::new();
            intent.metadata = Some(metadata);
            request
                .mode(stripe_shared::CheckoutSessionMode::Payment)
                // Without this option, the payer of a one-off gift would not become a customer, and could not manage
                // the gift later.
                .customer_creation(CustomerCreation::Always)
                .submit_type(stripe_shared::CheckoutSessionSubmitType::Donate)
                .payment_intent_data(intent)
        }
        Interval::Month | Interval::Year => {
            let mut subscription = SubscriptionData::new();
            subscription.metadata = Some(metadata);
            request.mode(stripe_shared::CheckoutSessionMode::Subscription).subscription_data(subscription)
        }
    }
}

/// Returns the payment page's language: the tag if Stripe supports it, or else its first part, or else the browser's
/// language.
fn page_locale(tag: &str) -> stripe_shared::CheckoutSessionLocale {
    use stripe_shared::CheckoutSessionLocale as Locale;
    let supported = |text: &str| match text.parse() {
        Ok(Locale::Unknown(_)) | Err(_) => None,
        Ok(locale) => Some(locale),
    };
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    supported(tag).or_else(|| supported(language)).unwrap_or(Locale::Auto)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ContributionId;
    use crate::money::Currency;

    #[test]
    fn a_repeated_checkout_call_is_equal_byte_for_byte() {
        let origin = Origin {
            contribution: ContributionId::from_bytes([1; 16]),
            site: "journal".to_owned(),
            appeal: Some("summer & sun".to_owned()),
            variant: Some("a".to_owned()),
            surface: Some("banner".to_owned()),
        };
        for interval in [Interval::Once, Interval::Month] {
            let form = || {
                let new = NewCheckout {
                    name: "The Journal",
                    money: Money {
                        amount_minor: 500,
                        currency: Currency::parse("EUR").expect("EUR must be a known currency"),
                    },
                    fee_minor: Some(30),
                    interval,
                    success_url: "https://journal.example.org/?a=1&b=2",
                    cancel_url: "https://journal.example.org/",
                    locale: "en-IE",
                    origin: &origin,
                    key: "key",
                };
                sort_form_fields(checkout_request(&new).build())
                    .body
                    .expect("a POST request must have a form")
            };
            let first = form();
            let metadata_fields = first.split('&').filter(|field| field.starts_with("metadata")).count();
            assert_eq!(metadata_fields, 6, "the form must have six metadata fields: {first}");
            for _ in 0..50 {
                assert_eq!(form(), first);
            }
        }
    }
}
