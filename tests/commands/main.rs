//! The program as operators use it: its commands, its settings, and the messages about them.
//!
//! **Owns** tests that run the built binary, each in its own folder and with a clean environment.
//! **Never** looks into the program: tests see only what it prints or writes.
//! **Start at** `refused.rs` for settings that prevent the start, and `example.rs` for the example file of settings.
//! **Tested in** itself: if you remove the check of a setting, a test fails because the message is missing.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

mod alarms;
mod api_key;
mod appeals;
mod audit;
mod contract;
mod contributions;
mod events;
mod example;
mod health;
mod last_good;
mod log_lines;
mod precedence;
mod queue;
mod reconcile;
mod refused;
mod results;
mod running;
mod simulate;
#[cfg(unix)]
mod stripe;
mod switch;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) use keepopen_testkit::JOURNAL;
use keepopen_testkit::{Database, Running};
use tempfile::TempDir;

/// A temporary folder and a clean environment, in which a test runs commands.
pub(crate) struct Sandbox {
    folder: TempDir,
    environment: Vec<(String, String)>,
    database: Option<Database>,
}

/// A command's output and exit status.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), environment: Vec::new(), database: None }
    }

    /// Creates a sandbox with this text as keepopen.toml.
    pub(crate) fn with_settings(settings: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("keepopen.toml", settings);
        sandbox
    }

    /// Sets an environment variable for the commands.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a database of the kind that the test run uses: SQLite at the default path, or PostgreSQL on a server.
    pub(crate) fn with_database(mut self) -> Self {
        let database = Database::make(&self.path("data"));
        let url = database.url().to_owned();
        self.database = Some(database);
        if url.starts_with("sqlite") { self } else { self.with_variable("DATABASE_URL", &url) }
    }

    /// The URL of the database that [`Self::with_database`] added.
    pub(crate) fn database_url(&self) -> &str {
        self.database.as_ref().unwrap().url()
    }

    /// The path of a file in the sandbox's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Prepares a command to be run in the folder, with only the sandbox's environment variables.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepopen"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command that runs until it is stopped.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments).stdout(Stdio::piped()))
    }

    /// Runs a command that must not panic. Returns its output and exit status.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let output = CommandOutput {
            status: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        assert!(!output.err.contains("panicked"), "the command panicked: {output:?}");
        output
    }

    /// The parsed output of check-config.
    pub(crate) fn effective_settings(&self) -> toml::Table {
        self.run_ok(&["check-config"]).parse().unwrap()
    }

    /// Runs a command that must succeed. Returns its output.
    pub(crate) fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status, Some(0), "the command must succeed: {output:?}");
        output.out
    }

    /// Runs a command that must fail with exit status 1 and print only an error message. Returns the message.
    pub(crate) fn run_err(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!((output.status, output.out.as_str()), (Some(1), ""), "the command must fail: {output:?}");
        let sentence = output.err.strip_prefix("keepopen: ");
        sentence.unwrap_or_else(|| panic!("{output:?}")).trim_end().to_owned()
    }

    /// Every byte of every file in the folder, followed by every row of the database on the server.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let mut bytes =
            self.database.as_ref().map(Database::all_rows_as_text).unwrap_or_default().into_bytes();
        read_folder(self.folder.path(), &mut bytes);
        bytes
    }
}

/// Appends the content of every file in the folder and its subfolders to `bytes`.
fn read_folder(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, bytes);
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
