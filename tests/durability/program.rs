//! Runs a service in its own process, so that tests can kill it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::keys::Vault;
use keepopen::sites::{self, Settings};
use keepopen::store::Store;
use keepopen::store::inbox::EventRow;
use keepopen::stripe::Gateway;
use serde_json::Value;
use tempfile::TempDir;

use super::{answers_first, queue};
use keepopen_testkit::{Database, JOURNAL};

/// The settings of a service that uses this database.
pub(crate) fn settings(data: &std::path::Path, database: &str) -> String {
    settings_with(data, database, "", JOURNAL)
}

/// Like [`settings`], with the management server at the address `management`, and with `more` TOML at the end.
fn settings_with(data: &std::path::Path, database: &str, management: &str, more: &str) -> String {
    format!(
        r#"
        data_dir = "{}"
        [server]
        bind = "127.0.0.1:0"
        workers = 2
        [management]
        bind = "{management}"
        [database]
        url = "{database}"
        [stripe]
        webhook_secrets = ["whsec_practice"]
        [log]
        format = "json"
        {more}
        "#,
        data.display()
    )
}

/// The program to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Keepopen,
    /// The faulty service of `answers_first.rs`, which acknowledges before it stores.
    AnswersFirst,
    /// A service whose workers send each domain event to a receiver on this port.
    Queue(queue::Worker, u16),
}

/// A folder with settings and a database, and the program that runs there.
pub(crate) struct Service {
    program: Program,
    folder: TempDir,
    database: Database,
}

impl Service {
    pub(crate) fn new(program: Program) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let database = Database::make(&data);
        std::fs::write(folder.path().join("keepopen.toml"), settings(&data, database.url())).unwrap();
        Self { program, folder, database }
    }

    /// Creates a service that reaches PostgreSQL through a proxy. It has a management port.
    pub(crate) fn behind_proxy(proxy: SocketAddr) -> Self {
        let service = Self::new(Program::Keepopen);
        let mut url = url::Url::parse(service.database.url()).unwrap();
        url.set_ip_host(proxy.ip()).unwrap();
        url.set_port(Some(proxy.port())).unwrap();
        service.write_settings(url.as_str());
        service
    }

    /// Creates a service with an SQLite file, whichever database the test run uses. It has a management port.
    pub(crate) fn on_sqlite_file() -> Self {
        let service = Self::new(Program::Keepopen);
        let database = Database::file(&service.data());
        service.write_settings(database.url());
        Self { database, ..service }
    }

    fn write_settings(&self, database: &str) {
        let text = settings_with(&self.data(), database, "127.0.0.1:0", JOURNAL);
        std::fs::write(self.folder.path().join("keepopen.toml"), text).unwrap();
    }

    /// Creates a service with the key of another service, so that supporters have the same ids in both.
    pub(crate) fn with_the_key_of(other: &Self) -> Self {
        let service = Self::new(Program::Keepopen);
        std::fs::copy(other.data().join("keepopen.key"), service.data().join("keepopen.key")).unwrap();
        service
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn settings(&self, database: &str) -> Settings {
        sites::from_toml(&settings(&self.data(), database)).unwrap()
    }

    /// Starts the program in the folder.
    pub(crate) fn start(&self) -> Running {
        let mut command = match self.program {
            Program::Keepopen => {
                let mut command = Command::new(program_path());
                command.arg("serve").env_clear();
                command
            }
            Program::AnswersFirst => answers_first::command(),
            Program::Queue(worker, receiver) => queue::command(worker, receiver),
        };
        command.current_dir(self.folder.path()).stdout(Stdio::null());
        Running::of(&mut command)
    }

    /// The URL of the database itself, not of the proxy.
    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Starts the service with its data folder on a new file system of this size, which no other process sees.
    pub(crate) fn start_on_new_disk(&self, size: &str) -> Running {
        let mount = format!("mount -t tmpfs -o size={size},mode=700 keepopen \"$0\" && exec \"$1\" serve");
        let mut command = Command::new("unshare");
        command.args(["-rm", "/bin/sh", "-c", &mount]).arg(self.data()).arg(program_path());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.current_dir(self.folder.path()).stdout(Stdio::null());
        Running::of(&mut command)
    }

    /// Opens the database with the product's own code, next to a running service or after its end.
    pub(crate) async fn open_app(&self) -> Arc<App> {
        self.open_app_on(self.database.url()).await
    }

    async fn open_app_on(&self, database: &str) -> Arc<App> {
        let settings = self.settings(database);
        let store = Store::open(database).await.unwrap();
        let gateway = Gateway::new(&settings.stripe).unwrap();
        let vault = Vault::open(&settings.tokens.encryption_key, &settings.encryption_key_file()).unwrap();
        App::new(settings, Clock::System, store, gateway, vault)
    }

    /// Reads the inbox after the service was killed or stopped. With SQLite, this function reads a copy of the file.
    /// Opening the file itself would recover the database, but the next start of the service must do that.
    pub(crate) async fn read_inbox_after_stop(&self) -> Vec<EventRow> {
        let copy = TempDir::new().unwrap();
        let database = if self.database.url().starts_with("sqlite:") {
            for name in ["keepopen.db", "keepopen.db-wal"] {
                let from = self.data().join(name);
                // If the service was killed at the very start, it may not have created these files.
                if from.exists() {
                    std::fs::copy(from, copy.path().join(name)).unwrap();
                }
            }
            format!("sqlite:{}", copy.path().join("keepopen.db").display())
        } else {
            self.database.url().to_owned()
        };
        let app = self.open_app_on(&database).await;
        let events = app.store.events().await.unwrap();
        app.store.close().await;
        events
    }
}

/// The program to run: the one that `KEEPOPEN_TEST_PROGRAM` names, such as an older version, otherwise the program of
/// this build.
fn program_path() -> PathBuf {
    other_program().unwrap_or_else(|| env!("CARGO_BIN_EXE_keepopen").into())
}

/// The program that `KEEPOPEN_TEST_PROGRAM` names, if any. Such a program may book by other rules than this build.
pub(crate) fn other_program() -> Option<PathBuf> {
    std::env::var_os("KEEPOPEN_TEST_PROGRAM").map(PathBuf::from)
}

/// A running service with JSON logs.
pub(crate) struct Running(keepopen_testkit::Running);

impl Running {
    fn of(command: &mut Command) -> Self {
        Self(keepopen_testkit::Running::start(command))
    }

    /// Waits for a log line with this text.
    pub(crate) fn wait_for_log_line(&self, words: &str) -> Value {
        serde_json::from_str(&self.0.log_line_with(words)).unwrap()
    }

    /// Waits until the service is listening. Returns its address.
    pub(crate) fn address(&self) -> String {
        let line = self.wait_for_log_line("keepopen is serving requests");
        line.pointer("/fields/address").or_else(|| line.get("address")).unwrap().as_str().unwrap().to_owned()
    }

    /// Waits until the management port is listening. Returns the readiness URL. Call this before [`Self::address`].
    pub(crate) fn readiness_url(&self) -> String {
        let line = self.wait_for_log_line("serving health checks and metrics");
        let address = line.pointer("/fields/address").or_else(|| line.get("address")).unwrap();
        format!("http://{}/readyz", address.as_str().unwrap())
    }

    /// The path at which this test process finds a file of the service's own file system.
    pub(crate) fn path_from_here(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.0.id(), path.display()))
    }

    /// Waits until the process has ended, with any exit status.
    pub(crate) async fn wait_until_ended(mut self) {
        while !self.0.has_ended() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills the process immediately.
    pub(crate) fn kill(mut self) {
        self.0.kill();
    }

    /// Sends SIGTERM.
    pub(crate) fn send_sigterm(&self) {
        self.0.tell_to_stop();
    }

    /// Waits until the process has ended, which must be with status 0.
    pub(crate) fn wait_for_success(mut self) {
        assert_eq!(self.0.wait_for_exit(), Some(0), "the process must exit with status 0");
    }

    /// Sends SIGTERM, and waits until the process has ended.
    pub(crate) fn stop(self) {
        self.send_sigterm();
        self.wait_for_success();
    }
}
