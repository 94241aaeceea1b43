//! Sends a reader to Stripe's payment page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;
use uuid::Uuid;

use crate::app::{App, Context, MachineWrite};
use crate::clock;
use crate::contributions::Origin;
use crate::ids::ContributionId;
use crate::keys::{Attribution, Sha256};
use crate::money::Money;
use crate::sites::{Interval, Limits, SiteSettings};
use crate::store::{StoreError, checkouts};
use crate::stripe::{CallError, NewCheckout};

/// A browser's request for a payment page.
#[derive(Debug)]
pub struct CheckoutRequest<'a> {
    /// The site's id.
    pub site: &'a str,
    /// The id that the browser chose for this attempt. Repeating a request with it is safe.
    pub attempt: Uuid,
    /// The amount of each payment, without the fee.
    pub money: Money,
    /// How often the reader pays.
    pub interval: Interval,
    /// Whether the reader also pays Stripe's fee.
    pub cover_fee: bool,
    /// The page to which the reader returns.
    pub return_url: &'a str,
    /// The signed attribution from the banner's response, which names the appeal that the reader saw.
    pub attribution: Option<&'a str>,
}

/// A payment page at Stripe.
#[derive(Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Stripe's id of the Checkout Session.
    pub session: String,
    /// The URL of the payment page.
    pub url: String,
}

/// Why no payment page was created.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it; amounts are in the minor unit")]
pub enum CheckoutError {
    #[error("the site does not support this currency")]
    UnsupportedCurrency,
    #[error("the site does not support gifts at this interval")]
    UnsupportedInterval,
    #[error("the amount is below {minimum_minor}")]
    BelowMinimum { minimum_minor: i64 },
    #[error("the amount is above {maximum_minor}")]
    AboveMaximum { maximum_minor: i64 },
    #[error("the amount is not a multiple of {step_minor}")]
    NotAMultiple { step_minor: i64 },
    #[error("the site does not let readers cover the fee in this currency")]
    FeeCoverNotOffered,
    #[error("the return URL is not on one of the site's origins")]
    ReturnUrlNotAllowed,
    #[error("the attempt was already used with different parameters")]
    AttemptReused,
    #[error(transparent)]
    Stripe(CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a Checkout Session. If the attempt already has a session, returns that one.
///
/// # Errors
/// See [`CheckoutError`].
pub async fn start_checkout(
    app: &App,
    context: &Context<'_>,
    site: &SiteSettings,
    request: &CheckoutRequest<'_>,
) -> Result<Checkout, CheckoutError> {
    let fee_minor = check_amount(site, request)?;
    let return_url = site.parse_own_url(request.return_url).ok_or(CheckoutError::ReturnUrlNotAllowed)?;
    let amount = request.money.amount_minor.to_string();
    let mut parts = vec![
        &*amount,
        request.money.currency.code(),
        request.interval.as_str(),
        return_url.as_str(),
        request.attribution.unwrap_or_default(),
    ];
    // Without a fee, the fingerprint is the same as in older versions of Keepopen, which could not add a fee. So an
    // attempt that began before an upgrade can be repeated after the upgrade.
    let fee = fee_minor.map(|fee| format!("fee {fee}"));
    parts.extend(fee.as_deref());
    let parameters = fingerprint(&parts);
    let attempt = request.attempt.to_string();
    let new_id = ContributionId::from_bytes(clock::random_bytes());
    let mut tx = context.machine_write(MachineWrite::Checkout).await?;
    let stored_attempt =
        checkouts::start(&mut tx, request.site, &attempt, &parameters, new_id.as_str(), app.now_ms()).await?;
    tx.commit().await?;
    if stored_attempt.parameters != parameters {
        return Err(CheckoutError::AttemptReused);
    }
    if let (Some(session), Some(url)) = (stored_attempt.session, stored_attempt.url) {
        return Ok(Checkout { session, url });
    }
    let contribution = ContributionId::parse(&stored_attempt.contribution_id).unwrap_or(new_id);
    let attribution = read_attribution(app, request);
    let origin = build_origin(request, contribution, attribution.as_ref());
    let key = fingerprint(&[request.site, &attempt, &parameters, &stored_attempt.tries.to_string()]);
    let new_checkout = NewCheckout {
        name: &site.name,
        money: Money { amount_minor: request.money.amount_minor + fee_minor.unwrap_or(0), ..request.money },
        fee_minor,
        interval: request.interval,
        success_url: &add_session_placeholder(&return_url),
        cancel_url: return_url.as_str(),
        locale: &site.locale,
        origin: &origin,
        key: &key,
    };
    let created = app.stripe.create_checkout(&new_checkout).await;
    let mut tx = context.machine_write(MachineWrite::Checkout).await?;
    let outcome = match created {
        Ok(page) => {
            checkouts::store_session(&mut tx, request.site, &attempt, &page.id, &page.url).await?;
            if let Some(attribution) = &attribution {
                app.counters.count_shown(attribution, "checkout".to_owned(), app.now_ms());
            }
            Ok(Checkout { session: page.id, url: page.url })
        }
        Err(error) => {
            // Stripe stores a failure under its idempotency key for a day, so the next try needs another key.
            if matches!(error, CallError::Failed { .. }) {
                checkouts::next_try(&mut tx, request.site, &attempt, stored_attempt.tries).await?;
            }
            Err(CheckoutError::Stripe(error))
        }
    };
    tx.commit().await?;
    outcome
}

/// Returns the fee to add, or `None` if the reader does not pay it. Fails if the site does not accept this amount.
fn check_amount(site: &SiteSettings, request: &CheckoutRequest<'_>) -> Result<Option<i64>, CheckoutError> {
    let Money { amount_minor, currency } = request.money;
    let giving = site.giving.get(&currency).ok_or(CheckoutError::UnsupportedCurrency)?;
    if !giving.supports(request.interval) {
        return Err(CheckoutError::UnsupportedInterval);
    }
    let Limits { minimum_minor, maximum_minor, step_minor } = giving.limits(currency);
    if amount_minor < minimum_minor {
        return Err(CheckoutError::BelowMinimum { minimum_minor });
    }
    if amount_minor > maximum_minor {
        return Err(CheckoutError::AboveMaximum { maximum_minor });
    }
    if amount_minor % step_minor != 0 {
        return Err(CheckoutError::NotAMultiple { step_minor });
    }
    if !request.cover_fee {
        return Ok(None);
    }
    let fee = giving.fee_cover.as_ref().ok_or(CheckoutError::FeeCoverNotOffered)?;
    Ok(Some(fee.total_minor(amount_minor, step_minor) - amount_minor))
}

/// Adds `keepopen_session={CHECKOUT_SESSION_ID}` to the URL's query. The braces are not percent-encoded, because
/// Stripe replaces the placeholder.
fn add_session_placeholder(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_fragment(None);
    let separator = if url.query().is_some() { '&' } else { '?' };
    let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{plain}{separator}keepopen_session={{CHECKOUT_SESSION_ID}}{fragment}")
}

/// Reads which appeal the reader saw before giving. If the attribution is invalid, the gift is accepted, but belongs to
/// no appeal.
fn read_attribution(app: &App, request: &CheckoutRequest<'_>) -> Option<Attribution> {
    let attribution = request.attribution?;
    Attribution::read(attribution, &app.attribution_key, request.site, app.now_ms()).ok()
}

/// Returns the origin of the gift, which is written into the metadata of Stripe's objects.
fn build_origin(
    request: &CheckoutRequest<'_>,
    contribution: ContributionId,
    attribution: Option<&Attribution>,
) -> Origin {
    Origin {
        contribution,
        site: request.site.to_owned(),
        appeal: attribution.map(|it| it.appeal.clone()),
        variant: attribution.map(|it| it.variant.clone()),
        surface: attribution.map(|it| it.surface.clone()),
    }
}

/// Returns the SHA-256 of the parts in base64url. The hash also covers the length of each part.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::begin();
    for part in parts {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_added_to_the_query_before_the_fragment() {
        let add_session = |text: &str| add_session_placeholder(&Url::parse(text).unwrap());
        assert_eq!(add_session("https://a.org/x"), "https://a.org/x?keepopen_session={CHECKOUT_SESSION_ID}");
        assert_eq!(
            add_session("https://a.org/x?y=1#z"),
            "https://a.org/x?y=1&keepopen_session={CHECKOUT_SESSION_ID}#z"
        );
    }

    #[test]
    fn moving_text_between_parts_changes_the_fingerprint() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert!(fingerprint(&["a"]).len() <= 255);
    }
}
