//! Every route of the public server, in one table. Routes are tried in this order, so the busiest come first.
//!
//! To add a route, add a line here and a handler with its `utoipa::path`. The line says who may call the route, which
//! pages may read its responses, and which rate limit applies. Tests call every route to verify these statements, and
//! compare the table with the API description.

use actix_web::http::Method;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    appeals, audit, banner, banner_events, checkout, contract, docs, embed, explain, jwks, money, ofrep,
    previews, results, supporters, switches, tokens, webhooks,
};
use crate::keys::Scope::{AlarmsWrite, AppealsRead, AppealsWrite, AuditRead, MoneyRead, SupportersRead};
use crate::web::Audience::{Anyone, Key, KeyOrPreview, Preview, Stripe, Supporter};
use crate::web::Cors::{AnyPage, SameOrigin, Sites};
use crate::web::Rate::{self, Unlimited};
use crate::web::{Registry, Route};

macro_rules! routes {
    ($($method:ident $path:literal, $handler:path, $audience:expr, $cors:expr, $rate:expr;)+) => {
        /// All routes of the public server.
        pub static ROUTES: Registry = Registry(&[
            $(Route { method: Method::$method, path: $path, audience: $audience, cors: $cors, rate: $rate }),+
        ]);

        /// Registers every handler.
        pub fn register(config: &mut ServiceConfig<'_>) {
            config$(.service($handler))+;
        }
    };
}

routes! {
    POST "/v1/banner", banner::ask, Anyone, Sites, Unlimited;
    GET "/v1/banner", banner::ask_from_query, Anyone, Sites, Unlimited;
    POST "/v1/banner/events", banner_events::report, Anyone, Sites, Unlimited;
    POST "/webhooks/stripe", webhooks::receive, Stripe, SameOrigin, Unlimited;
    POST "/v1/checkout", checkout::start, Anyone, Sites, Rate::Checkouts;
    POST "/v1/tokens", tokens::make, Anyone, Sites, Rate::Tokens;
    GET "/v1/supporter", supporters::own_standing, Supporter, Sites, Unlimited;
    POST "/v1/supporters/lookup", supporters::lookup, Key(&[SupportersRead]), SameOrigin, Unlimited;
    GET "/v1/supporters/{id}", supporters::standing_by_id, Key(&[SupportersRead]), SameOrigin, Unlimited;
    POST "/v1/banner/explain", explain::explain_banner, KeyOrPreview(&[AppealsRead, AppealsWrite]), Sites, Unlimited;
    GET "/v1/appeals", appeals::list, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    GET "/v1/appeals/{id}", appeals::read, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    GET "/v1/appeals/{id}/versions/{version}", appeals::read_version, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    PUT "/v1/appeals/{id}", appeals::save, Key(&[AppealsWrite]), SameOrigin, Unlimited;
    POST "/v1/appeals/{id}/publish", appeals::publish, Key(&[AppealsWrite]), SameOrigin, Unlimited;
    POST "/v1/appeals/{id}/pause", appeals::pause, Key(&[AppealsWrite]), SameOrigin, Unlimited;
    POST "/v1/appeals/{id}/end", appeals::end, Key(&[AppealsWrite]), SameOrigin, Unlimited;
    GET "/v1/results", results::read, Key(&[AppealsRead, AppealsWrite, MoneyRead]), SameOrigin, Unlimited;
    POST "/v1/appeals/{id}/previews", previews::make, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    POST "/v1/banner/preview", previews::show, Preview, Sites, Unlimited;
    GET "/v1/switches", switches::list, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    GET "/v1/sites/{site}/switches", switches::read, Key(&[AppealsRead, AppealsWrite]), SameOrigin, Unlimited;
    PUT "/v1/sites/{site}/switches", switches::set, Key(&[AppealsWrite]), SameOrigin, Unlimited;
    GET "/v1/contributions", money::list, Key(&[MoneyRead]), SameOrigin, Unlimited;
    GET "/v1/contributions/export.csv", money::csv, Key(&[MoneyRead]), SameOrigin, Unlimited;
    GET "/v1/contributions/{id}", money::read, Key(&[MoneyRead]), SameOrigin, Unlimited;
    GET "/v1/reconciliation", money::compare, Key(&[MoneyRead]), SameOrigin, Unlimited;
    GET "/v1/alarms", money::list_alarms, Key(&[MoneyRead, AlarmsWrite]), SameOrigin, Unlimited;
    POST "/v1/alarms/{id}/acknowledge", money::acknowledge, Key(&[AlarmsWrite]), SameOrigin, Unlimited;
    GET "/v1/audit", audit::list, Key(&[AuditRead]), SameOrigin, Unlimited;
    POST "/ofrep/v1/evaluate/flags/{key}", ofrep::evaluate, Anyone, Sites, Unlimited;
    POST "/ofrep/v1/evaluate/flags", ofrep::evaluate_all, Anyone, Sites, Unlimited;
    GET "/.well-known/jwks.json", jwks::keys, Anyone, AnyPage, Unlimited;
    GET "/embed.js", embed::latest, Anyone, AnyPage, Unlimited;
    GET "/embed/{version}/{file}", embed::versioned, Anyone, AnyPage, Unlimited;
    GET "/openapi.yaml", contract::openapi_document, Anyone, SameOrigin, Unlimited;
    GET "/docs", docs::page, Anyone, SameOrigin, Unlimited;
    GET "/docs/{file}", docs::part, Anyone, SameOrigin, Unlimited;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::api::contract::openapi_yaml;

    /// Every operation of the API description: its method, its path and its details.
    fn operations() -> Vec<((String, String), Value)> {
        let contract: Value = yaml_serde::from_str(openapi_yaml()).unwrap();
        let paths = contract["paths"].as_object().unwrap();
        let operations_at = |(path, item): (&String, &Value)| -> Vec<((String, String), Value)> {
            let methods = item.as_object().unwrap().iter();
            methods
                .map(|(method, details)| ((method.to_uppercase(), path.clone()), details.clone()))
                .collect()
        };
        paths.iter().flat_map(operations_at).collect()
    }

    fn operation(route: &Route) -> Value {
        let key = (route.method.to_string(), route.path.to_owned());
        let found = operations().into_iter().find(|(other, _)| *other == key);
        found.unwrap_or_else(|| panic!("{key:?} is not in the API description")).1
    }

    #[test]
    fn the_api_description_contains_exactly_the_registered_routes() {
        let described: BTreeSet<_> = operations().into_iter().map(|(key, _)| key).collect();
        let registered: Vec<_> =
            ROUTES.0.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
        assert_eq!(registered.iter().cloned().collect::<BTreeSet<_>>(), described);
        assert_eq!(registered.len(), described.len(), "a route is registered twice");
    }

    #[test]
    fn the_api_description_requires_the_same_credentials_as_the_table() {
        for route in ROUTES.0 {
            let described = operation(route);
            let schemes: BTreeSet<String> = described["security"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|scheme| scheme.as_object().unwrap().keys().next().cloned().unwrap_or_default())
                .collect();
            let expected: &[&str] = match route.audience {
                Supporter => &["supporter_token"],
                Key(_) => &["api_key"],
                KeyOrPreview(_) => &["", "api_key"],
                // A banner request needs a key only if it states the reader's standing.
                Anyone if route.path == "/v1/banner" && route.method == Method::POST => &["", "api_key"],
                Anyone | Preview | Stripe => &[],
            };
            assert!(schemes.iter().eq(expected), "{} {} requires {schemes:?}", route.method, route.path);
        }
    }

    #[test]
    fn the_api_description_lists_429_for_exactly_the_rate_limited_routes() {
        for route in ROUTES.0 {
            let lists_429 = operation(route)["responses"].get("429").is_some();
            assert_eq!(lists_429, route.rate != Unlimited, "{} {}", route.method, route.path);
        }
    }
}
