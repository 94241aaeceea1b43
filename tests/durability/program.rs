//! A service as a process of its own, which can be killed.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::config::{self, Settings};
use keepopen::store::Store;
use keepopen::store::inbox::EventRow;
use keepopen::stripe::Gateway;
use keepopen::tokens::Vault;
use serde_json::Value;
use tempfile::TempDir;

use super::answers_first;
use super::databases::Database;

/// The settings of a service on this database.
pub(crate) fn settings(data: &std::path::Path, database: &str) -> String {
    format!(
        r#"
        data_dir = "{}"
        [server]
        bind = "127.0.0.1:0"
        workers = 2
        [management]
        bind = ""
        [database]
        url = "{database}"
        [stripe]
        webhook_secrets = ["whsec_practice"]
        [log]
        format = "json"
        "#,
        data.display()
    )
}

/// Which program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Keepopen,
    /// One that acknowledges what it has not stored yet.
    AnswersFirst,
}

/// A folder with a database, and the program for it.
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

    /// With the key of another, so that supporters have the same ids.
    pub(crate) fn with_the_key_of(other: &Self) -> Self {
        let it = Self::new(Program::Keepopen);
        std::fs::copy(other.data().join("keepopen.key"), it.data().join("keepopen.key")).unwrap();
        it
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn settings(&self, database: &str) -> Settings {
        config::from_toml(&settings(&self.data(), database)).unwrap()
    }

    pub(crate) fn start(&self) -> Running {
        let mut command = match self.program {
            Program::Keepopen => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_keepopen"));
                command.arg("serve").env_clear();
                command
            }
            Program::AnswersFirst => answers_first::command(),
        };
        command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        Running::of(command.spawn().unwrap())
    }

    /// The database by itself, through the product's own eyes: beside a running service, or after its end.
    pub(crate) async fn look(&self) -> Arc<App> {
        self.look_at(self.database.url()).await
    }

    async fn look_at(&self, database: &str) -> Arc<App> {
        let settings = self.settings(database);
        let store = Store::open(database).await.unwrap();
        let gateway = Gateway::new(&settings.stripe).unwrap();
        let vault = Vault::open(&settings.tokens.encryption_key, &settings.encryption_key_file()).unwrap();
        App::new(settings, Clock::System, store, gateway, vault)
    }

    /// What the inbox holds after a kill. Whoever opens a file mends it, which is the part of the next start: a copy is looked at.
    pub(crate) async fn inbox_after_a_kill(&self) -> Vec<EventRow> {
        let copy = TempDir::new().unwrap();
        let database = if self.database.url().starts_with("sqlite:") {
            for name in ["keepopen.db", "keepopen.db-wal"] {
                let from = self.data().join(name);
                // Killed at the very start, it may not have made them.
                if from.exists() {
                    std::fs::copy(from, copy.path().join(name)).unwrap();
                }
            }
            format!("sqlite:{}", copy.path().join("keepopen.db").display())
        } else {
            self.database.url().to_owned()
        };
        let app = self.look_at(&database).await;
        let events = app.store.events().await.unwrap();
        app.store.close().await;
        events
    }
}

/// A service that runs.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// Reads the log to its end, so that the service never waits for a reader.
    reader: Option<JoinHandle<()>>,
}

impl Running {
    fn of(mut child: Child) -> Self {
        let (line_came, lines) = channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        let reader = std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                assert!(!line.contains("panicked"), "{line}");
                // Nobody may be waiting for it any more.
                let _ = line_came.send(line);
            }
        });
        Self { child, lines, reader: Some(reader) }
    }

    /// Waits for a line of the log with these words.
    pub(crate) fn says(&self, words: &str) -> Value {
        let mut others = Vec::new();
        for line in &self.lines {
            if line.contains(words) {
                return serde_json::from_str(&line).unwrap();
            }
            others.push(line);
        }
        panic!("it ended without saying {words}: {others:?}")
    }

    /// Waits until it answers; where.
    pub(crate) fn address(&self) -> String {
        let line = self.says("keepopen answers");
        line.pointer("/fields/address").or_else(|| line.get("address")).unwrap().as_str().unwrap().to_owned()
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
    }

    /// Sends SIGTERM.
    pub(crate) fn tell_to_stop(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn ends_well(mut self) {
        self.reader.take().unwrap().join().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    /// Sends SIGTERM, and waits for its end.
    pub(crate) fn stop(self) {
        self.tell_to_stop();
        self.ends_well();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless an assertion failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
