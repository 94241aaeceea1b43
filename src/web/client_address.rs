//! Finds the client's address behind the proxies that the settings trust.

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

use crate::config::ForwardedHeader;
use crate::limits::Address;
use crate::web::ServerState;

/// The client's address: the peer's address, or the address that trusted proxies report.
pub fn address_of(app: &ServerState, request: &HttpRequest) -> Option<Address> {
    let peer = request.peer_addr()?.ip();
    let headers = request.headers();
    let client = match app.settings.server.forwarded_header {
        ForwardedHeader::XForwardedFor => {
            let hops = nearest_first(headers, &X_FORWARDED_FOR).flat_map(Address::parse_forwarded_for);
            app.proxies.client(peer, hops)
        }
        ForwardedHeader::Forwarded => {
            let hops = nearest_first(headers, &FORWARDED).flat_map(Address::parse_forwarded);
            app.proxies.client(peer, hops)
        }
    };
    Some(client.into())
}

/// Every value of a header, from the last to the first. An unreadable value is treated like an invalid address.
fn nearest_first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let values: Vec<_> = headers.get_all(name).map(|value| value.to_str().unwrap_or_default()).collect();
    values.into_iter().rev()
}
