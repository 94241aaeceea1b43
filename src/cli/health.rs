//! `keepopen health`: asks the running service whether it is ready.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::{CommandError, runtime, say};
use crate::config::ConfigError;
use crate::sites::Settings;

/// How long the service may take to respond. The service waits up to one second for its database. The rest of the time
/// is for the network.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Options {
    /// The management server's address, such as http://127.0.0.1:9787 [default: management.bind in the settings].
    #[arg(long)]
    url: Option<Url>,
}

/// The body of `/readyz` when something is not ready.
#[derive(Deserialize)]
struct NotReady {
    not_ready: Vec<String>,
}

/// Asks the running service whether it is ready, and prints the result.
pub fn health(
    options: &Options,
    settings: impl FnOnce() -> Result<Settings, ConfigError>,
) -> Result<(), CommandError> {
    let base = match &options.url {
        Some(url) => url.clone(),
        None => url_from_settings(&settings()?)?,
    };
    if base.scheme() != "http" {
        return Err("--url must be an http URL, such as http://127.0.0.1:9787".into());
    }
    let url = base.join("/readyz")?;
    let (status, text) = runtime()?.block_on(get(url.clone())).map_err(|error| {
        let reason = if error.is_timeout() { "it did not answer in time" } else { "no server listens there" };
        format!(
            "{url} can't be reached ({reason}); start `keepopen serve`, or set --url to the address of its management server"
        )
    })?;
    if status == 200 {
        return say("The service is ready.");
    }
    let Ok(NotReady { not_ready }) = serde_json::from_str(&text) else {
        return Err(format!("{url} answers with status {status}, so it is not the management server of keepopen; set --url to that server's address").into());
    };
    Err(format!("the service is not ready: {}; see the service's log for details", not_ready.join(", "))
        .into())
}

/// The management server's URL, from `management.bind` in the settings.
fn url_from_settings(settings: &Settings) -> Result<Url, CommandError> {
    let Some(mut address) = settings.management.bind else {
        return Err(
            "management.bind is empty, so there is no health check to call; set it to an address".into()
        );
    };
    if address.port() == 0 {
        return Err(
            "management.bind has port 0, so only the service's log shows the real port; set --url to that address"
                .into(),
        );
    }
    if address.ip().is_unspecified() {
        // The server listens on all addresses, so it also listens on the loopback address.
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    Ok(Url::parse(&format!("http://{address}/"))?)
}

async fn get(url: Url) -> reqwest::Result<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let answer = client.get(url).send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}
