//! The cookie that keeps a person signed in on a page.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header::COOKIE;

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

    /// Reads the session's secret from a request. `None` if the request has no such cookie or several, or if its value
    /// is malformed.
    pub fn read(&self, request: &HttpRequest) -> Option<SessionSecret> {
        let headers = request.headers().get_all(COOKIE);
        let mut values = headers
            .flat_map(|it| it.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| self.value(pair));
        let value = std::str::from_utf8(values.next()?).ok()?;
        // A browser has at most one cookie with this name.
        if values.next().is_some() {
            return None;
        }
        SessionSecret::parse(value)
    }

    /// The value in a pair of name and value, if the name is this cookie's name, byte for byte. A cookie parser would
    /// decode the name or remove Unicode space around it. Then a sub-domain could set a cookie that the browser does not
    /// recognise as `__Host-`, and that the parser would.
    fn value<'a>(&self, pair: &'a [u8]) -> Option<&'a [u8]> {
        pair.trim_ascii().strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
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
    use actix_web::http::header::HeaderValue;
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
    fn only_the_exact_name_is_read_and_only_once() {
        let (cookie, secret) = (SessionCookie::new("staff"), SessionSecret::make());
        let text = secret.to_text();
        let read = |headers: &[Vec<u8>]| {
            let mut request = TestRequest::default();
            for header in headers {
                request = request.append_header(("cookie", HeaderValue::from_bytes(header).unwrap()));
            }
            cookie.read(&request.to_http_request()).map(|found| found.hash())
        };
        let good = format!("__Host-keepopen-staff={text}");
        let other = format!("__Host-keepopen-staff={}", SessionSecret::make().to_text());
        let neighbours = [b"a=\xff; ".as_slice(), good.as_bytes(), b"; b=1"].concat();
        for accepted in [
            vec![good.clone().into_bytes()],
            vec![neighbours],
            vec![b"a=1".to_vec(), good.clone().into_bytes()],
        ] {
            assert_eq!(read(&accepted), Some(secret.hash()));
        }
        for refused in [
            format!("%5F%5FHost-keepopen-staff={text}"),
            format!("__Host%2Dkeepopen-staff={text}"),
            format!("\u{2000}{good}"),
            format!("\u{a0}{good}"),
            format!("__host-keepopen-staff={text}"),
            format!("__Host-keepopen-staff ={text}"),
            format!("__Host-keepopen-staff2={text}"),
            format!("__Host-keepopen-staff=%41{}", &text[1..]),
            format!("__Host-keepopen-staff=\"{text}\""),
            format!("{good}; {other}"),
            format!("{other}; {good}"),
        ] {
            assert_eq!(read(&[refused.clone().into_bytes()]), None, "{refused}");
        }
        assert_eq!(read(&[good.into_bytes(), other.into_bytes()]), None, "two headers");
    }

    #[test]
    fn a_deleted_cookie_has_no_secret() {
        let cookie = SessionCookie::new("staff");
        assert!(cookie.delete().to_string().ends_with("Max-Age=0"));
        let request = TestRequest::default().cookie(cookie.delete()).to_http_request();
        assert!(cookie.read(&request).is_none());
    }
}
