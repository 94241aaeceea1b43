//! The contract: OpenAPI 3.1, written from the handlers.

use std::sync::LazyLock;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, get};
use utoipa::OpenApi;
use utoipa::openapi::PathItem;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt;

use super::problem::Code;
use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keepopen",
        description = "Reader contributions for newsrooms: who is asked, who gave, and proof of it.\n\n\
            Errors are RFC 9457 problems with a `code` that never changes.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Code)),
    tags(
        (name = "Banner", description = "Show the appeal banner?"),
        (name = "Giving", description = "To Stripe's payment page"),
        (name = "Tokens", description = "Signed supporter tokens"),
        (name = "Supporters", description = "Supporter status"),
        (name = "OpenFeature", description = "The same question, as OpenFeature's SDKs ask it"),
        (name = "Appeals", description = "What readers are asked: versions, and what is in force"),
        (name = "Stripe", description = "What Stripe calls"),
        (name = "Embed", description = "What a page loads"),
    ),
)]
struct Contract;

static OPENAPI: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| {
    let (_, mut contract) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Contract::openapi())
        .configure(routes)
        .split_for_parts();
    let bearer = |format: &str, what: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(what)).build())
    };
    let components = contract.components.get_or_insert_default();
    components
        .add_security_scheme("supporter_token", bearer("JWT", "A supporter token, from `POST /v1/tokens`."));
    components.add_security_scheme(
        "api_key",
        bearer("keepopen_sk_…", "A secret API key, from `keepopen api-key create`."),
    );
    contract
});

static YAML: LazyLock<String> =
    LazyLock::new(|| OPENAPI.to_yaml().expect("the contract is strings, lists and maps"));

/// Every route's pattern, and the methods that it is served with.
pub fn routes_and_methods() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    OPENAPI.paths.paths.iter().map(|(template, item)| (template.as_str(), methods(item).collect()))
}

fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let both = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put)];
    both.into_iter().filter(|(_, operation)| operation.is_some()).map(|(name, _)| name)
}

/// The methods that `path` is served with; none when there is nothing at it.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let fits = |template: &str| {
        let (mut parts, mut wanted) = (path.split('/'), template.split('/'));
        loop {
            match (parts.next(), wanted.next()) {
                (None, None) => return true,
                (Some(part), Some(name)) if name == part || (name.starts_with('{') && !part.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let fitting = OPENAPI.paths.paths.iter().filter(|(template, _)| fits(template));
    fitting.flat_map(|(_, item)| methods(item)).collect()
}

/// The contract as YAML.
pub fn openapi_yaml() -> &'static str {
    &YAML
}

/// This contract.
#[utoipa::path(
    tag = "Embed",
    responses((status = 200, body = String, content_type = "application/yaml", description = "OpenAPI 3.1"))
)]
#[get("/openapi.yaml")]
pub async fn served() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml")).body(openapi_yaml())
}
