//! The program as an operator meets it: commands, settings, and what they say.
//!
//! **Owns** tests that run the built binary in a folder of its own, with a clean environment.
//! **Never** looks into the program; what is not printed or written is not seen.
//! **Start at** `refused.rs` for what stops the start, `example.rs` for the manual of settings.
//! **Tested in** itself: break a setting's check, and see its sentence missed.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops")]

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

/// A folder of its own, and a clean environment.
pub(crate) struct Sandbox {
    folder: TempDir,
    environment: Vec<(String, String)>,
    database: Option<Database>,
}

/// A command's output, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), environment: Vec::new(), database: None }
    }

    /// With this text as keepopen.toml.
    pub(crate) fn with(settings: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("keepopen.toml", settings);
        sandbox
    }

    pub(crate) fn and_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a database of the kind that the suite uses: the default file, or one on a server.
    pub(crate) fn and_database(mut self) -> Self {
        let database = Database::make(&self.path("data"));
        let url = database.url().to_owned();
        self.database = Some(database);
        if url.starts_with("sqlite") { self } else { self.and_environment("DATABASE_URL", &url) }
    }

    /// The database of [`Self::and_database`].
    pub(crate) fn database_url(&self) -> &str {
        self.database.as_ref().unwrap().url()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

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

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let said = Said {
            status: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        assert!(!said.err.contains("panicked"), "{said:?}");
        said
    }

    /// The output of check-config, parsed.
    pub(crate) fn effective_settings(&self) -> toml::Table {
        self.good(&["check-config"]).parse().unwrap()
    }

    /// The output of a command that must succeed.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.status, Some(0), "{said:?}");
        said.out
    }

    /// The message of a command that must fail with 1 and print nothing else.
    pub(crate) fn stopped(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!((said.status, said.out.as_str()), (Some(1), ""), "{said:?}");
        let sentence = said.err.strip_prefix("keepopen: ");
        sentence.unwrap_or_else(|| panic!("{said:?}")).trim_end().to_owned()
    }

    /// Every byte of every file in the folder, and every row on the server.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let mut bytes =
            self.database.as_ref().map(Database::every_row_on_the_server).unwrap_or_default().into_bytes();
        read_below(self.folder.path(), &mut bytes);
        bytes
    }
}

fn read_below(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_below(&path, bytes);
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
