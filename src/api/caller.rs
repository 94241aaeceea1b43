//! Identifies the caller. Each type here is a parameter of handlers, so that a handler can't forget the check.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use actix_web::{FromRequest, HttpRequest};

use super::recent::RecentRequests;
use crate::app::{Actor, App, Context};
use crate::keys::{ApiKey, BadToken, CheckPurpose, Claims, Scope, TokenSender};
use crate::sites::SiteSettings;
use crate::web::State;
use crate::web::problem::{Code, Problem};
use crate::web::{REQUEST_ID, address_of};

/// A caller with a valid supporter token.
pub struct Supporter(pub Arc<Claims>);

/// A caller whose API key may read supporters: a site's back end.
pub struct SupportersReader;

/// A caller whose API key may read contributions and the ledger.
pub struct MoneyReader;

/// A caller whose API key may read alarms.
pub struct AlarmsReader;

/// A caller whose API key may acknowledge alarms.
pub struct AlarmsEditor(pub KeyHolder);

/// A caller whose API key may read appeals.
pub struct AppealsReader;

/// A caller whose API key may read the results of appeals.
pub struct ResultsReader;

/// A caller whose API key may save and publish appeals.
pub struct AppealsEditor(pub KeyHolder);

/// A caller whose API key may read the audit log.
pub struct AuditReader;

/// The id of the API key that a program sent, and the id of the request.
pub struct KeyHolder {
    key_id: String,
    request_id: Option<String>,
}

impl KeyHolder {
    /// The context of this caller's actions.
    pub fn context<'a>(&self, app: &'a App) -> Context<'a> {
        Context { request_id: self.request_id.clone(), ..app.context(Actor::ApiKey(self.key_id.clone())) }
    }
}

type PendingCheck<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for Supporter {
    type Error = Problem;
    type Future = PendingCheck<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = state(&request)?;
            let token = bearer_token(&request).ok_or(Code::TokenMissing)?;
            let address = || address_of(&app, &request);
            let sender = TokenSender { purpose: CheckPurpose::Acting, address: &address };
            let claims = app.tokens.check_any_site(&token, sender, app.now_ms()).map_err(problem_of)?;
            // A supporter's epoch is a number that grows to withdraw older tokens. Banner requests compare it in
            // memory (docs/decisions/0009-token-epochs.md). This call reads it from the database.
            let epoch = app.store.epoch(&claims.sub).await.map_err(|error| Problem::store(&error))?;
            match epoch {
                Some(epoch) if epoch == claims.epoch => Ok(Self(claims)),
                _ => Err(Code::TokenSuperseded.into()),
            }
        })
    }
}

/// Lets a handler take `$caller` as a parameter. The caller's API key must have one of the scopes.
macro_rules! with_key {
    ($caller:ty, [$($scope:ident),+], $holder:pat => $value:expr) => {
        impl FromRequest for $caller {
            type Error = Problem;
            type Future = PendingCheck<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move {
                    let $holder = key_with(&request, &[$(Scope::$scope),+]).await?;
                    Ok($value)
                })
            }
        }
    };
}

with_key!(SupportersReader, [SupportersRead], _ => SupportersReader);
with_key!(MoneyReader, [MoneyRead], _ => MoneyReader);
with_key!(AlarmsReader, [MoneyRead, AlarmsWrite], _ => AlarmsReader);
with_key!(AlarmsEditor, [AlarmsWrite], holder => AlarmsEditor(holder));
with_key!(AuditReader, [AuditRead], _ => AuditReader);
with_key!(AppealsReader, [AppealsRead, AppealsWrite], _ => AppealsReader);
with_key!(ResultsReader, [AppealsRead, AppealsWrite, MoneyRead], _ => ResultsReader);
with_key!(AppealsEditor, [AppealsWrite], holder => AppealsEditor(holder));

/// Checks that the request's API key has permission to state a reader's standing (the reader's status as a supporter).
/// A key that was valid a moment ago is not looked up again. While the database is unavailable, such a key stays valid
/// for longer, so that readers are still served.
///
/// # Errors
/// The key is missing or invalid, it lacks the scope, or it can't be looked up.
pub async fn check_may_state_standing(request: &HttpRequest) -> Result<(), Problem> {
    let now_ms = state(request)?.now_ms();
    let recent = request.app_data::<RecentRequests>().ok_or(Code::Internal)?;
    let secret = bearer_token(request).ok_or(Code::ApiKeyMissing)?;
    let hash = ApiKey::hash(&secret);
    if recent.keys.is_fresh(&hash, now_ms) {
        return Ok(());
    }
    match key_with(request, &[Scope::BannerAsk]).await {
        Ok(_) => recent.keys.record(hash, now_ms),
        Err(problem) if problem.code == Code::StoreUnavailable && recent.keys.is_usable(&hash, now_ms) => {}
        Err(problem) => {
            recent.keys.forget(&hash);
            return Err(problem);
        }
    }
    Ok(())
}

/// The holder of the request's API key, if it has one of the scopes.
async fn key_with(request: &HttpRequest, scopes: &[Scope]) -> Result<KeyHolder, Problem> {
    let app = state(request)?;
    let secret = bearer_token(request).ok_or(Code::ApiKeyMissing)?;
    if !ApiKey::looks_like_api_key(&secret) {
        return Err(Code::ApiKeyInvalid.into());
    }
    let stored = app.store.api_key(&ApiKey::hash(&secret)).await.map_err(|error| Problem::store(&error))?;
    let stored = stored.ok_or(Code::ApiKeyInvalid)?;
    if stored.scopes.split(' ').any(|held| scopes.iter().any(|scope| scope.as_str() == held)) {
        let request_id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok());
        Ok(KeyHolder { key_id: stored.id, request_id: request_id.map(str::to_owned) })
    } else {
        Err(Code::ScopeMissing.into())
    }
}

/// The problem for an invalid token.
pub fn problem_of(bad: BadToken) -> Problem {
    Problem::new(match bad {
        BadToken::Invalid | BadToken::OtherSite => Code::TokenInvalid,
        BadToken::Expired => Code::TokenExpired,
        BadToken::Superseded => Code::TokenSuperseded,
        BadToken::Unchecked => Code::Overloaded,
    })
}

/// Refuses a page whose origin is not one of the site's origins. A back end sends no origin and is accepted.
///
/// # Errors
/// The request has an origin that is not one of the site's origins.
pub fn check_origin(request: &HttpRequest, site: &SiteSettings) -> Result<(), Problem> {
    match request.headers().get(ORIGIN) {
        None => Ok(()),
        Some(origin) if site.origins.iter().any(|known| known.as_bytes() == origin.as_bytes()) => Ok(()),
        Some(_) => Err(Code::OriginNotAllowed.into()),
    }
}

fn state(request: &HttpRequest) -> Result<State, Problem> {
    request.app_data::<State>().cloned().ok_or(Problem::new(Code::Internal))
}

fn bearer_token(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned()).filter(|token| !token.is_empty())
}
