//! `[management]`: the port for operators.

use std::net::SocketAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `[management]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ManagementSettings {
    /// The address and port for operators. An empty text switches the server off.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub bind: Option<SocketAddr>,
    /// How long an event may wait to be booked before the service reports that it is not ready, in seconds. 0 means no
    /// limit.
    pub max_booking_delay_seconds: u32,
}

impl Default for ManagementSettings {
    fn default() -> Self {
        Self { bind: Some(SocketAddr::from(([127, 0, 0, 1], 9787))), max_booking_delay_seconds: 120 }
    }
}

fn write<S: Serializer>(bind: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
    match bind {
        Some(address) => to.collect_str(address),
        None => to.serialize_str(""),
    }
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        D::Error::custom(
            "it should be an address and a port, such as 127.0.0.1:9787, or empty to switch the management server off",
        )
    })
}
