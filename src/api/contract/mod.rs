//! The API description: OpenAPI 3.1, generated from the handlers.
//!
//! **Owns** what applies to all handlers: error responses, examples, common headers.
//! **Never** describes a route that no handler serves.
//! **Start at** [`openapi_yaml`].
//! **Tested in** `tests/commands/contract.rs`, `tests/api/contract.rs`, `tests/contract/`.

mod examples;
mod problems;

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, get};
use utoipa::OpenApi;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{PathItem, Ref, RefOr, Schema};
use utoipa_actix_web::AppExt;

use super::routes::{ROUTES, register};
use crate::web::Cors;
use crate::web::problem::{Code, Problem};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keepopen",
        description = include_str!("about.md"),
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(Code, Problem)),
    tags(
        (name = "Banner", description = "Decide whether to ask a reader for support."),
        (name = "Giving", description = "Send the reader to Stripe's payment page."),
        (name = "Tokens", description = "Signed proof of support, for the reader's browser."),
        (name = "Supporters", description = "The current standing of a supporter."),
        (name = "Money", description = "Contributions, payments, and the comparison with Stripe."),
        (name = "Appeals", description = "The appeals, their versions, and which version is published."),
        (name = "Audit", description = "Who changed what, and when."),
        (name = "OpenFeature", description = "Banner requests from OpenFeature's SDKs."),
        (name = "Embed", description = "The script that a page loads."),
        (name = "Stripe", description = "The route that Stripe calls."),
        (name = "Contract", description = "The API reference and this document."),
    ),
)]
struct Contract;

static OPENAPI: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| {
    let (_, mut contract) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Contract::openapi())
        .configure(register)
        .split_for_parts();
    let bearer = |format: &str, description: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(description)).build())
    };
    let components = contract.components.get_or_insert_default();
    components
        .add_security_scheme("supporter_token", bearer("JWT", "A supporter token, from `POST /v1/tokens`."));
    components.add_security_scheme(
        "api_key",
        bearer("keepopen_sk_…", "A secret API key, from `keepopen api-key create`."),
    );
    for (name, description) in HEADERS {
        let header =
            HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(description));
        components.headers.insert(name.to_owned(), RefOr::T(header.build()));
    }
    for (path, item) in &mut contract.paths.paths {
        for (method, operation) in operations(item) {
            problems::add_error_responses(operation);
            let route = ROUTES.0.iter().find(|route| route.method == method && route.path == path);
            add_headers(operation, route.map_or(Cors::SameOrigin, |route| route.cors));
        }
    }
    let all_operations = contract.paths.paths.values_mut().flat_map(operations);
    examples::add_examples(all_operations.map(|(_, operation)| operation));
    forbid_unknown_token_fields(&mut contract);
    contract
});

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let by_method =
        [(Method::GET, &mut item.get), (Method::POST, &mut item.post), (Method::PUT, &mut item.put)];
    by_method.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The name and description of every header that responses of several routes share.
const HEADERS: [(&str, &str); 6] = [
    (
        "X-Request-Id",
        "The request's id: the caller's own if it is valid, otherwise a new one. It appears in the log.",
    ),
    ("Vary", "The request headers on which the response depends."),
    (
        "Access-Control-Allow-Origin",
        "`*`, or the origin of the page that sent the request. Either way, that page may read the response.",
    ),
    ("WWW-Authenticate", "`Bearer`"),
    ("Cache-Control", "`no-store`"),
    ("Retry-After", "The number of seconds after which to try again."),
];

/// Whether responses with this status have the header. `cors` says which pages may read the responses:
/// [`Cors::SameOrigin`], which allows the fewest pages, is its smallest value.
fn has_header(header: &str, status: &str, cors: Cors) -> bool {
    match header {
        "Vary" => cors > Cors::SameOrigin,
        "Access-Control-Allow-Origin" => cors == Cors::AnyPage,
        "WWW-Authenticate" => status == "401",
        "Retry-After" => status == "429",
        "Cache-Control" => status.starts_with(['4', '5']),
        _ => true,
    }
}

fn add_headers(operation: &mut Operation, cors: Cors) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        for (name, _) in HEADERS.iter().filter(|(name, _)| has_header(name, status, cors)) {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.entry((*name).to_owned()).or_insert(RefOr::Ref(reference));
        }
    }
}

/// States in the schema of the token request that unknown fields are rejected. The request is a tagged enum, and the
/// derived schema of a tagged enum does not state this.
fn forbid_unknown_token_fields(contract: &mut utoipa::openapi::OpenApi) {
    let schemas = contract.components.as_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::OneOf(body))) = schemas.and_then(|schemas| schemas.get_mut("TokenBody")) else {
        return;
    };
    for grant in &mut body.items {
        if let RefOr::T(Schema::Object(grant)) = grant {
            grant.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

static YAML: LazyLock<String> = LazyLock::new(|| {
    OPENAPI.to_yaml().expect("the API description must contain only strings, lists and maps")
});

/// The API description as YAML.
pub fn openapi_yaml() -> &'static str {
    &YAML
}

/// Get this document.
///
/// The document describes every route, with its requests and responses, in OpenAPI 3.1. `/docs` shows it as a page.
#[utoipa::path(
    tag = "Contract",
    operation_id = "read_contract",
    responses((status = 200, body = Object, content_type = "application/yaml", description = "OpenAPI 3.1")),
)]
#[get("/openapi.yaml")]
pub async fn openapi_document() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml")).body(openapi_yaml())
}
