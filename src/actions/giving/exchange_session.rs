//! Exchanges a finished checkout session for a supporter token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::actions::inbox::ingest_fetched::{FetchedObject, ingest_fetched};
use crate::actions::ledger::emit_events::Recording;
use crate::app::{App, Context, MachineWrite};
use crate::clock::DAY_MS;
use crate::contributions::ContributionState;
use crate::ids::{ContributionId, SupporterId};
use crate::keys::{Claims, TokenScope};
use crate::limits::OncePerInterval;
use crate::sites::SiteSettings;
use crate::store::{StoreError, checkouts};
use crate::stripe::CallError;
use crate::supporters::standing_of;

/// How long after the payment a browser can fetch a token for the first time.
const FIRST_WINDOW_MS: i64 = DAY_MS;
/// How long after its first request a browser can repeat the request, in case the response was lost.
const REPEAT_WINDOW_MS: i64 = 600_000;

/// A token and its claims.
#[derive(Debug)]
pub struct Exchanged {
    /// The supporter token.
    pub token: String,
    /// The claims in the token.
    pub claims: Claims,
}

/// Why no token is returned.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum ExchangeError {
    #[error("there is no such attempt with this session")]
    Unknown,
    #[error("the token was fetched already")]
    AlreadyExchanged,
    #[error("the time to fetch the token has expired")]
    TooLate,
    #[error("the payment is not settled yet")]
    Processing,
    #[error("nothing was paid")]
    Unpaid,
    #[error("the payment failed")]
    Failed,
    #[error("the payment page expired")]
    Expired,
    #[error("the payment was refunded or disputed")]
    Reversed,
    #[error(transparent)]
    Stripe(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a paid session for a token. The reader may return before the webhook arrives. So this action fetches the
/// session from Stripe and books it. When the webhook's event arrives, nothing is booked twice.
///
/// `session_reads` limits how often the session of one attempt is fetched from Stripe.
///
/// # Errors
/// See [`ExchangeError`].
pub async fn exchange_session(
    app: &App,
    context: &Context<'_>,
    session_reads: &OncePerInterval<Uuid>,
    site_id: &str,
    site: &SiteSettings,
    session: &str,
    attempt: &Uuid,
) -> Result<Exchanged, ExchangeError> {
    let attempt_id = *attempt;
    let attempt = attempt.to_string();
    let checkout = app.store.checkout(site_id, &attempt).await?;
    let checkout =
        checkout.filter(|it| it.session.as_deref() == Some(session)).ok_or(ExchangeError::Unknown)?;
    let now_ms = app.now_ms();
    if checkout.exchanged_at_ms.is_some_and(|at_ms| now_ms - at_ms > REPEAT_WINDOW_MS) {
        return Err(ExchangeError::AlreadyExchanged);
    }
    let id = ContributionId::parse(&checkout.contribution_id).map_err(|_| ExchangeError::Unknown)?;
    let mut supporter = paying_supporter(app, &id).await;
    if matches!(supporter, Err(ExchangeError::Unpaid | ExchangeError::Processing)) {
        // Simultaneous calls for one attempt come from the same browser, so they share one answer from Stripe.
        session_reads.run(&attempt_id, fetch_session(app, context, session)).await?;
        supporter = paying_supporter(app, &id).await;
    }
    let supporter = supporter?;
    let paid_at_ms = app.store.first_booked_at_ms(&id).await?;
    if checkout.exchanged_at_ms.is_none() && paid_at_ms.is_some_and(|at_ms| now_ms - at_ms > FIRST_WINDOW_MS)
    {
        return Err(ExchangeError::TooLate);
    }
    let mut tx = context.machine_write(MachineWrite::Checkout).await?;
    let first_fetch_ms = checkouts::record_exchange(&mut tx, site_id, &attempt, now_ms).await?;
    tx.commit().await?;
    // Another call, here or on another instance, may have fetched the token first.
    if now_ms - first_fetch_ms > REPEAT_WINDOW_MS {
        return Err(ExchangeError::AlreadyExchanged);
    }
    issue(app, (site_id, site), supporter, (&attempt, first_fetch_ms)).await
}

/// Returns the supporter who made this gift, if its payment is booked. Otherwise, the error says why there is no token.
async fn paying_supporter(app: &App, id: &ContributionId) -> Result<SupporterId, ExchangeError> {
    let Some(gift) = app.store.contribution(id).await? else { return Err(ExchangeError::Unpaid) };
    match gift.state {
        ContributionState::Paid
        | ContributionState::Active
        | ContributionState::PastDue
        | ContributionState::Ended => gift.supporter.ok_or(ExchangeError::Processing),
        ContributionState::Processing => Err(ExchangeError::Processing),
        ContributionState::Open | ContributionState::NothingToPay => Err(ExchangeError::Unpaid),
        ContributionState::Failed => Err(ExchangeError::Failed),
        ContributionState::Expired => Err(ExchangeError::Expired),
        ContributionState::Reversed => Err(ExchangeError::Reversed),
    }
}

/// Fetches the session from Stripe, stores it in the inbox, and books it.
async fn fetch_session(app: &App, context: &Context<'_>, session: &str) -> Result<(), ExchangeError> {
    let body = match app.stripe.fetch_session(session).await {
        Err(CallError::NotFound) => return Err(ExchangeError::Unknown),
        other => other?,
    };
    let object =
        FetchedObject { id: session, what: "checkout.session", body: &body, fetched_at_ms: app.now_ms() };
    ingest_fetched::<Recording>(app, context, object).await?;
    Ok(())
}

/// Issues a token that matches the ledger. While the ledger does not change, a repeated call returns the same token,
/// so that one gift can't fill the cache of checked tokens.
async fn issue(
    app: &App,
    (site_id, site): (&str, &SiteSettings),
    supporter: SupporterId,
    (attempt, first_fetch_ms): (&str, i64),
) -> Result<Exchanged, ExchangeError> {
    let epoch = app.store.epoch(&supporter).await?.unwrap_or(0);
    let gifts = app.store.gift_summaries(&supporter, site_id).await?;
    let standing_now = standing_of(&gifts, site.quiet_days, app.now_ms());
    let iat = first_fetch_ms.div_euclid(1000);
    let exp = iat + i64::from(app.settings.tokens.valid_hours) * 3600;
    let mut claims = Claims {
        iss: app.tokens.issuer().to_owned(),
        aud: site_id.to_owned(),
        sub: supporter,
        iat,
        // The token expires no later than the standing in its claims ends. After that, a verifier can't know the
        // supporter's standing.
        exp: standing_now.ends_at_s().map_or(exp, |ends_at| exp.min(ends_at)),
        nbf: None,
        jti: String::new(),
        epoch,
        scope: TokenScope::Standing,
        standing: standing_now.standing,
        quiet_until: standing_now.quiet_until_s(),
        entitlements: Vec::new(),
    };
    claims.jti = token_id(app, attempt, &claims);
    Ok(Exchanged { token: app.tokens.sign(&claims), claims })
}

/// Returns an unguessable token id, derived from the attempt and from everything else in the token.
fn token_id(app: &App, attempt: &str, claims: &Claims) -> String {
    let content = serde_json::json!([attempt, claims]).to_string();
    URL_SAFE_NO_PAD.encode(&app.vault.token_id_key().sign(content.as_bytes())[..16])
}
