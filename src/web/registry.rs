//! The route registry. Each server has one table, which says for each route who may call it, which pages may read its
//! responses, and how often it may be called. CORS, `Allow`, the metrics' labels and the tests are derived from the
//! table.

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;

use crate::keys::Scope;

/// One route.
pub struct Route {
    /// The method. A `GET` also answers `HEAD`.
    pub method: Method,
    /// The path's pattern, such as `/v1/supporters/{id}`. The metrics use the pattern as the route's label, so that no
    /// id becomes a label.
    pub path: &'static str,
    /// Who may call it.
    pub audience: Audience,
    /// Which pages may read its responses.
    pub cors: Cors,
    /// Which rate limit applies.
    pub rate: Rate,
}

/// Who may call a route. The handler's parameters enforce this, and a test calls every route to verify it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone, without credentials.
    Anyone,
    /// A reader with a supporter token.
    Supporter,
    /// A holder of a secret API key that has one of these scopes.
    Key(&'static [Scope]),
    /// A holder of a secret API key that has one of these scopes, or of a signed preview.
    KeyOrPreview(&'static [Scope]),
    /// A holder of a signed preview.
    Preview,
    /// Stripe, identified by its signature.
    Stripe,
}

/// Which pages may read a route's responses, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cors {
    /// Pages of our own origin only: routes for back ends and operators.
    SameOrigin,
    /// Pages of the sites' origins, exactly as the settings list them.
    Sites,
    /// Any page.
    AnyPage,
}

/// Which rate limit applies to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// No rate limit.
    Unlimited,
    /// The limits of checkouts.
    Checkouts,
    /// The limits of token exchanges.
    Tokens,
}

/// Every route of one server.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [Route]);

impl Registry {
    /// The routes at a path, one per method. A literal path takes precedence over a matching pattern.
    pub fn routes_at(self, path: &str) -> Vec<&'static Route> {
        let exact: Vec<&Route> = self.0.iter().filter(|route| route.path == path).collect();
        if exact.is_empty() {
            return self.0.iter().filter(|route| matches_pattern(route.path, path)).collect();
        }
        exact
    }

    /// Every pattern once, with the routes that have it.
    pub fn by_path(self) -> impl Iterator<Item = (&'static str, Vec<&'static Route>)> {
        let is_first =
            move |index: usize| self.0[..index].iter().all(|route| route.path != self.0[index].path);
        let indexes = (0..self.0.len()).filter(move |index| is_first(*index));
        let paths = indexes.map(move |index| self.0[index].path);
        paths.map(move |path| (path, self.0.iter().filter(|route| route.path == path).collect()))
    }
}

/// The methods of these routes, for the header `Allow`.
pub fn methods(routes: &[&Route]) -> HeaderValue {
    let mut names: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    names.sort_unstable();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    HeaderValue::from_str(&names.join(", ")).expect("the names of methods must be letters")
}

/// Whether a pattern matches a path. A part in braces matches any part that is not empty.
fn matches_pattern(pattern: &str, path: &str) -> bool {
    let (mut parts, mut pattern_parts) = (path.split('/'), pattern.split('/'));
    loop {
        match (parts.next(), pattern_parts.next()) {
            (None, None) => return true,
            (Some(part), Some(expected))
                if expected == part || (expected.starts_with('{') && !part.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn route(method: Method, path: &'static str) -> Route {
        Route { method, path, audience: Audience::Anyone, cors: Cors::SameOrigin, rate: Rate::Unlimited }
    }

    static ROUTES: [Route; 4] = [
        route(Method::POST, "/gifts"),
        route(Method::GET, "/gifts"),
        route(Method::GET, "/gifts/{id}"),
        route(Method::POST, "/gifts/lookup"),
    ];

    fn allowed_methods(path: &str) -> String {
        methods(&Registry(&ROUTES).routes_at(path)).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_path_allows_its_routes_methods_and_head_if_it_has_get() {
        assert_eq!(allowed_methods("/gifts"), "GET, POST, HEAD");
        assert_eq!(allowed_methods("/gifts/con_1"), "GET, HEAD");
        assert_eq!(allowed_methods("/gifts/lookup"), "POST");
        for unknown in ["/", "/gift", "/gifts/", "//gifts", "/gifts/con_1/", "/gifts/con_1/refund"] {
            assert_eq!(allowed_methods(unknown), "", "{unknown} must have no routes");
        }
    }

    #[test]
    fn every_path_is_listed_once() {
        let paths: Vec<_> = Registry(&ROUTES).by_path().map(|(path, routes)| (path, routes.len())).collect();
        assert_eq!(paths, [("/gifts", 2), ("/gifts/{id}", 1), ("/gifts/lookup", 1)]);
    }
}
