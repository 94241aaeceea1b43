//! `keepopen demo`: runs a practice newspaper, the service and a practice Stripe on this machine, without real money.
//!
//! **Owns** the practice newspaper, and the addresses under which the three servers find each other.
//! **Never** uses the operator's settings, or a live key.
//! **Start at** [`demo`].
//! **Tested in** `tests/browser/`.

mod newspaper;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keepopen_practice::PracticeStripe;
use tempfile::TempDir;

use super::serve::{StopSignals, run_until_stopped};
use super::{CommandError, say};
use crate::clock::{self, Clock};
use crate::config::Mode;
use crate::sites::{self, Settings};
use crate::{actions, api, telemetry};

/// The demo's key, which belongs to no Stripe account.
const SECRET_KEY: &str = "sk_test_practice";
const SETTINGS: &str = include_str!("settings.toml");
const APPEALS: &str = include_str!("appeals.toml");

#[derive(clap::Args)]
pub struct Options {
    /// The newspaper's port. The service uses the next port, and the practice Stripe the port after that. 0 means three
    /// free ports.
    #[arg(long, default_value_t = 4750)]
    port: u16,
    /// Keep the database here [default: a temporary folder, deleted at the end].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Also show appeals on pages of this origin, such as http://localhost:3000. Can be given more than once.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Print the addresses as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the demo until it is interrupted. `configured` are the settings that `serve` would use. The demo does not start
/// if they are for Stripe's live mode.
pub fn demo(options: &Options, configured: &Settings) -> Result<(), CommandError> {
    if configured.stripe.mode == Mode::Live {
        return Err("a live Stripe configuration is set here, but the demo uses a stand-in for Stripe; run the demo in another folder, without KEEPOPEN_STRIPE__… in the environment".into());
    }
    telemetry::start(configured.log.format, "warn,keepopen=info")?;
    let folder = DataFolder::new(options.data_dir.as_deref())?;
    let outcome = actix_web::rt::System::new().block_on(run(options, folder.path()));
    folder.remove();
    outcome
}

async fn run(options: &Options, folder: &Path) -> Result<(), CommandError> {
    let [newspaper_address, keepopen_address, practice_address] = free_addresses(options.port)?;
    let webhook_secret = format!("whsec_{}", hex::encode(clock::random_bytes::<16>()));
    let practice = PracticeStripe::start(keepopen_practice::Settings {
        bind: practice_address,
        secret_key: SECRET_KEY.to_owned(),
        webhook_secret: webhook_secret.clone(),
        webhook_url: Some(format!("http://{keepopen_address}/webhooks/stripe")),
        now: Arc::new(|| Clock::System.now_ms().div_euclid(1000)),
        retry_after: [1, 2, 5, 10, 30, 60].map(Duration::from_secs).to_vec(),
        account_name: "The Harbour Journal".to_owned(),
    })
    .await?;
    let appeals = folder.join("appeals.toml");
    if !appeals.try_exists()? {
        std::fs::write(&appeals, APPEALS)?;
    }
    // Escapes a path for a text in quotes in the settings.
    let escaped = |path: &Path| path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let settings = SETTINGS
        .replace("{data_dir}", &escaped(folder))
        .replace("{bind}", &keepopen_address.to_string())
        .replace("{keepopen}", &format!("http://{keepopen_address}"))
        .replace("{practice}", &practice.url())
        .replace("{secret_key}", SECRET_KEY)
        .replace("{webhook_secret}", &webhook_secret)
        .replace("{appeals}", &escaped(&appeals))
        .replace("{newspaper}", &format!("http://{newspaper_address}"))
        .replace("{more_origins}", &more_origins(&options.origins));
    let app = actions::start(sites::from_toml(&settings)?, Clock::System).await?;
    let running = api::serve(&app)?;
    let server_urls = Addresses {
        newspaper: format!("http://{newspaper_address}"),
        keepopen: format!("http://{keepopen_address}"),
        practice: practice.url(),
    };
    let paper = newspaper::serve(newspaper_address, &server_urls)?;
    let paper_handle = paper.handle();
    actix_web::rt::spawn(paper);
    let signals = StopSignals::listen()?;
    say(&server_urls.to_text(options.json, &appeals))?;
    let outcome = run_until_stopped(&app, running, None, signals).await;
    paper_handle.stop(false).await;
    practice.stop().await;
    outcome
}

/// Formats additional origins for the list in the settings. They are validated together with the other settings.
fn more_origins(origins: &[String]) -> String {
    origins.iter().map(|origin| format!(", {}", serde_json::Value::from(origin.as_str()))).collect()
}

/// The URLs of the three servers.
struct Addresses {
    newspaper: String,
    keepopen: String,
    practice: String,
}

impl Addresses {
    /// What the demo prints: the URLs and the path of the appeals file as text, or only the URLs as JSON.
    fn to_text(&self, json: bool, appeals: &Path) -> String {
        let Self { newspaper, keepopen, practice } = self;
        if json {
            return serde_json::json!({"newspaper": newspaper, "keepopen": keepopen, "practice": practice})
                .to_string();
        }
        format!(
            "\n  The newspaper         {newspaper}/          read an article, and make a gift\n  \
             The practice Stripe   {practice}/console   refund or dispute a gift, or move to the next month\n  \
             The service           {keepopen}/docs   API documentation, with requests to try\n  \
             The appeals           {}   edit and save this file; the newspaper shows the change\n\n\
             No money moves, and nothing leaves this machine. Stop with Ctrl-C.\n",
            appeals.display()
        )
    }
}

/// Returns three addresses on this machine. Their ports are `port` and the two ports after it, or three free ports if
/// `port` is 0.
fn free_addresses(port: u16) -> Result<[SocketAddr; 3], CommandError> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if port == 0 {
        // Keeps each port bound until all three are known, so that they differ.
        let held = [TcpListener::bind(at(0))?, TcpListener::bind(at(0))?, TcpListener::bind(at(0))?];
        return Ok([held[0].local_addr()?, held[1].local_addr()?, held[2].local_addr()?]);
    }
    let ports = [Some(port), port.checked_add(1), port.checked_add(2)];
    let [Some(a), Some(b), Some(c)] = ports else { return Err("--port must be below 65534".into()) };
    let addresses = [at(a), at(b), at(c)];
    for address in addresses {
        if let Err(error) = TcpListener::bind(address) {
            return Err(
                format!("can't listen on {address} ({error}); try --port 0, which takes free ports").into()
            );
        }
    }
    Ok(addresses)
}

/// The data folder. A temporary folder is deleted when the demo ends.
enum DataFolder {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl DataFolder {
    fn new(chosen: Option<&Path>) -> std::io::Result<Self> {
        let Some(path) = chosen else {
            return tempfile::Builder::new().prefix("keepopen-demo-").tempdir().map(Self::Temporary);
        };
        std::fs::create_dir_all(path)?;
        Ok(Self::Kept(path.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// Deletes the folder if it is temporary.
    fn remove(self) {
        if let Self::Temporary(folder) = self
            && let Err(error) = folder.close()
        {
            tracing::warn!(%error, "the demo's temporary folder could not be removed; remove it by hand");
        }
    }
}
