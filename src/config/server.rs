//! `[server]`: the public HTTP server.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::url;

/// `[server]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// The address and port to listen on.
    pub bind: SocketAddr,
    /// The URL at which browsers reach this service, without a path. It is also the issuer of tokens.
    pub public_url: Url,
    /// The number of threads that answer requests. 0 means one per core.
    pub workers: usize,
    /// Networks of the proxies that are trusted to state a client's address.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which these proxies state the client's address.
    pub forwarded_header: ForwardedHeader,
    /// How long a request's body may take to arrive, in seconds.
    pub body_timeout_seconds: u64,
}

/// The header in which proxies state a client's address. No other header is read, because proxies pass on all other
/// headers as the client wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForwardedHeader {
    /// The header that nginx, Caddy and most other proxies write.
    #[serde(rename = "X-Forwarded-For")]
    XForwardedFor,
    /// The standard header (RFC 7239).
    Forwarded,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8787)),
            public_url: url("http://127.0.0.1:8787/"),
            workers: 0,
            trusted_proxies: ["127.0.0.0/8", "::1/128"].iter().filter_map(|it| network(it)).collect(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            body_timeout_seconds: 20,
        }
    }
}

/// Parses a network. A single address is a network of one.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn write<S: Serializer>(networks: &[IpNet], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(networks.iter().map(IpNet::to_string))
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let message = "each should be a network or an address, such as 10.0.0.0/8 or 2001:db8::1";
    texts.iter().map(|text| network(text).ok_or_else(|| D::Error::custom(message))).collect()
}
