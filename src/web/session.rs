//! The cookie that keeps a person signed in on a page.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};

use crate::keys::SessionSecret;

/// One kind of session cookie, such as the cookie of the newsroom's staff.
///
/// The name has the prefix `__Host-`: browsers accept such a cookie only over HTTPS and from this host, so neither a
/// sub-domain nor a network attacker can replace it. Scripts can't read it. Browsers do not send it with a request that
/// another site's page makes, unless the person follows a link (RFC 6265bis, sections 4.1.3 and 5.2).
pub struct SessionCookie {
    name: String,
}

impl SessionCookie {
    /// Creates the cookie of a kind of session.
    pub fn new(kind: &str) -> Self {
        Self { name: format!("__Host-keepopen-{kind}") }
    }

    /// Reads the session's secret from a request. `None` if the request has no such cookie, or its value is malformed.
    pub fn read(&self, request: &HttpRequest) -> Option<SessionSecret> {
        SessionSecret::parse(request.cookie(&self.name)?.value())
    }

    /// Returns the cookie that starts or prolongs a session. The browser deletes it after `ttl`; the service must check
    /// the session's end as well.
    pub fn set(&self, secret: &SessionSecret, ttl: Duration) -> Cookie<'static> {
        let seconds = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        self.with(secret.to_text(), seconds)
    }

    /// Returns the cookie that makes the browser delete the session's secret.
    pub fn delete(&self) -> Cookie<'static> {
        self.with(String::new(), 0)
    }

    fn with(&self, value: String, max_age_s: i64) -> Cookie<'static> {
        Cookie::build(self.name.clone(), value)
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(max_age_s))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const STAFF_TTL: Duration = Duration::from_secs(3600);

    #[test]
    fn the_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        let secret = SessionSecret::make();
        let text = SessionCookie::new("staff").set(&secret, STAFF_TTL).to_string();
        let expected = format!(
            "__Host-keepopen-staff={}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600",
            secret.to_text()
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_request_with_the_cookie_has_the_secret() {
        let (cookie, secret) = (SessionCookie::new("staff"), SessionSecret::make());
        let request = TestRequest::default().cookie(cookie.set(&secret, STAFF_TTL)).to_http_request();
        assert_eq!(cookie.read(&request).unwrap().hash(), secret.hash());
        assert!(
            SessionCookie::new("supporter").read(&request).is_none(),
            "a cookie of another kind must not be read"
        );
        assert!(cookie.read(&TestRequest::default().to_http_request()).is_none());
    }

    #[test]
    fn a_deleted_cookie_has_no_secret() {
        let cookie = SessionCookie::new("staff");
        assert!(cookie.delete().to_string().ends_with("Max-Age=0"));
        let request = TestRequest::default().cookie(cookie.delete()).to_http_request();
        assert!(cookie.read(&request).is_none());
    }
}
