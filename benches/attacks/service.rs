//! Starts the service as in production, with a practice Stripe (a local stand-in for Stripe), on loopback only.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::ids::SupporterId;
use keepopen::keys::{Claims, TokenScope};
use keepopen::{actions, sites};
use keepopen_decision::Standing;
use keepopen_practice::PracticeStripe;
use keepopen_testkit::{APPEALS, free_address, journal, practice_stripe, wait_for_listener};
use tempfile::TempDir;

use super::client::{Client, Response};

/// The usual limit on the open files of a process.
const MAX_OPEN_FILES: u32 = 1024;

/// The running service.
pub struct Service {
    /// The address on which the service listens.
    pub address: SocketAddr,
    /// Valid tokens of different supporters. The service has not seen any of them.
    pub tokens: Vec<String>,
    /// The practice Stripe that the service calls.
    pub stripe: PracticeStripe,
    management: SocketAddr,
    program: Child,
    _folder: TempDir,
}

impl Service {
    /// Starts the service, with tokens for `groups` times `group_size` different supporters.
    pub async fn start(groups: u8, group_size: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stripe = practice_stripe(|| Clock::System.now_ms().div_euclid(1000)).await;
        let [address, management] = [free_address(), free_address()];
        let text = settings(folder.path(), address, management, &stripe.url());
        let file = folder.path().join("keepopen.toml");
        std::fs::write(&file, &text).unwrap();
        std::fs::write(folder.path().join("appeals.toml"), APPEALS).unwrap();
        let other_program = std::env::var_os("KEEPOPEN_TEST_PROGRAM").map(PathBuf::from);
        let keepopen = other_program.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_keepopen").into());
        let start_program = || {
            let mut program = Command::new("sh");
            program.args(["-c", &format!("ulimit -Sn {MAX_OPEN_FILES}; exec \"$0\" serve --config \"$1\"")]);
            program
                .arg(&keepopen)
                .arg(&file)
                .env_remove("KEEPOPEN_TEST_PROGRAM")
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        // An older version must create its own database and keys, because it rejects a database that this version
        // migrated. So the older version runs once, and then this version signs the tokens with a copy of its database.
        let mut signing_settings = text.clone();
        let copied_folder = tempfile::tempdir().unwrap();
        if other_program.is_some() {
            let mut program = start_program();
            wait_for_listener(address).await;
            // An error means that the program has already ended.
            let _ = program.kill();
            program.wait().unwrap();
            for entry in std::fs::read_dir(folder.path()).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), copied_folder.path().join(entry.file_name())).unwrap();
            }
            signing_settings =
                text.replace(&*folder.path().to_string_lossy(), &copied_folder.path().to_string_lossy());
        }
        let app = actions::start(sites::from_toml(&signing_settings).unwrap(), Clock::System).await.unwrap();
        let tokens = (0..groups).flat_map(|group| (0..group_size).map(move |member| (group, member)));
        let tokens = tokens.map(|(group, member)| token(&app, group, member)).collect();
        app.store.close().await;
        drop(app);
        let program = start_program();
        wait_for_listener(address).await;
        Self { address, tokens, stripe, management, program, _folder: folder }
    }

    /// Reads the service's metrics. Returns the sum of the values in all lines that contain `part`.
    pub fn metric(&self, part: &str) -> f64 {
        let text = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let response =
            Client::connect(self.management).and_then(|mut client| client.request(text.as_bytes()));
        let Response { body, .. } = response.unwrap();
        let lines = body.lines().filter(|line| !line.starts_with('#') && line.contains(part));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The service's resident memory (`VmRSS`) in MiB.
    pub fn memory_mib(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // An error means that the program has already ended.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Signs a token for a supporter. The supporter's id consists of these two numbers.
fn token(app: &App, group: u8, member: u8) -> String {
    let now_s = app.now_ms().div_euclid(1000);
    let mut supporter = [group; 16];
    supporter[0] = member;
    app.tokens.sign(&Claims {
        iss: app.tokens.issuer().to_owned(),
        aud: "journal".to_owned(),
        sub: SupporterId::from_bytes(supporter),
        iat: now_s,
        exp: now_s + 3600,
        nbf: None,
        jti: format!("{group} {member}"),
        epoch: 0,
        scope: TokenScope::Standing,
        standing: Standing::Recurring,
        quiet_until: None,
        entitlements: Vec::new(),
    })
}

/// The service's settings. All limits have their default values.
fn settings(folder: &std::path::Path, address: SocketAddr, management: SocketAddr, stripe: &str) -> String {
    format!(
        r#"
data_dir = "{folder}"
[server]
bind = "{address}"
public_url = "https://give.example.org/"
workers = 1
[management]
bind = "{management}"
[stripe]
secret_key = "sk_test_practice"
webhook_secrets = ["whsec_practice"]
api_url = "{stripe}"
[appeals]
file = "{folder}/appeals.toml"
{site}"#,
        folder = folder.display(),
        site = journal(
            "",
            "once = [500, 1500]
default_interval = \"once\"
default_amount_minor = 1500"
        )
    )
}
