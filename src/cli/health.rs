//! `keepopen health`

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::{Stopped, runtime, say};
use crate::config::ConfigError;
use crate::sites::Settings;

/// How long the service may take to respond. It waits one second for its database; the rest is for the network.
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
) -> Result<(), Stopped> {
    let base = match &options.url {
        Some(url) => url.clone(),
        None => from_settings(&settings()?)?,
    };
    if base.scheme() != "http" {
        return Err("--url must be an http URL, such as http://127.0.0.1:9787".into());
    }
    let url = base.join("/readyz")?;
    let (status, text) = runtime()?.block_on(ask(url.clone())).map_err(|error| {
        let why = if error.is_timeout() { "no answer in time" } else { "nothing listens there" };
        format!(
            "{url} can't be reached ({why}); start `keepopen serve`, or name its management address with --url"
        )
    })?;
    if status == 200 {
        return say("The service is ready.");
    }
    let Ok(NotReady { not_ready }) = serde_json::from_str(&text) else {
        return Err(format!("{url} answers with status {status}, so it is not the management server of keepopen; name that with --url").into());
    };
    Err(format!("the service answers but is not ready: {}; its log says more", not_ready.join(", ")).into())
}

fn from_settings(settings: &Settings) -> Result<Url, Stopped> {
    let Some(mut address) = settings.management.bind else {
        return Err(
            "management.bind is empty, so there is no health check to call; set it to an address".into()
        );
    };
    if address.port() == 0 {
        return Err(
            "management.bind has port 0, so only its log shows the real port; name the address with --url"
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

async fn ask(url: Url) -> reqwest::Result<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let answer = client.get(url).send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}
