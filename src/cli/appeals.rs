//! `keepopen appeals`: checks an appeals file, applies it to the database, or exports the appeals as a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use keepopen_decision::Live;
use serde_json::{Map, Value};

use super::{CommandError, Opened, runtime, say};
use crate::actions::{self, EditError};
use crate::appeals::file::{Format, InvalidFile};
use crate::appeals::{AppealDocument, AppealProblem, Snapshot, file};
use crate::sites::Settings;
use crate::store::Store;
use crate::store::appeals::PublishedRow;

#[derive(Subcommand)]
pub enum Verb {
    /// Check an appeals file against the sites in the settings. This changes nothing.
    Check {
        /// The file: TOML, or YAML if its name ends with .yaml or .yml.
        file: PathBuf,
    },
    /// Apply a file to the service's appeals. Saves a new version of each appeal that differs, and sets each appeal to
    /// live, paused or ended as the file says. If one appeal is invalid, none is applied. A running service uses the
    /// new versions within 2 seconds.
    Apply {
        /// The file: TOML, or YAML if its name ends with .yaml or .yml.
        file: PathBuf,
    },
    /// Print the service's appeals as a file, in their newest versions. If readers see an older version of an appeal,
    /// `live_version` names that version, and applying the file keeps it live.
    Export {
        /// Print YAML instead of TOML.
        #[arg(long)]
        yaml: bool,
    },
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    match verb {
        Verb::Check { file } => check(file, settings),
        Verb::Apply { file } => apply(file, settings),
        Verb::Export { yaml } => export(settings, if *yaml { Format::Yaml } else { Format::Toml }),
    }
}

fn check(path: &Path, settings: &Settings) -> Result<(), CommandError> {
    let (documents, problems) = read_documents(path)?;
    let problems = Snapshot::build(&settings.sites, &documents, problems).problems;
    if !problems.is_empty() {
        return Err(problems_text(path, &problems).into());
    }
    let live = documents.iter().filter(|appeal| appeal.rules.live == Live::Live).count();
    let (name, number) = (path.display(), documents.len());
    let appeals = if number == 1 { "appeal" } else { "appeals" };
    say(&format!("{name} is valid: {number} {appeals}, {live} live."))
}

fn apply(path: &Path, settings: &Settings) -> Result<(), CommandError> {
    if settings.appeals.file.is_some() {
        return Err("this service reads its appeals from appeals.file, not from its database; change that file, or remove the setting".into());
    }
    let fields =
        file::fields(&read(path)?, Format::of(path)).map_err(|error| cannot_be_parsed(path, &error))?;
    let changes = runtime()?.block_on(async {
        let opened = Opened::open(settings).await?;
        let outcome = actions::apply_appeals(&opened.context(), fields).await.map_err(|error| match error {
            EditError::Invalid(problems) => CommandError::from(problems_text(path, &problems)),
            other => other.into(),
        });
        opened.store.close().await;
        outcome
    })?;
    for (id, saved, state) in changes {
        let change = if saved.is_new_version { "written" } else { "unchanged" };
        say(&format!("{id}: version {}, {change}, {}", saved.version, state.as_str()))?;
    }
    Ok(())
}

fn export(settings: &Settings, format: Format) -> Result<(), CommandError> {
    let appeals = runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let newest = store.newest_versions().await?;
        let published: BTreeMap<String, PublishedRow> =
            store.published_appeals().await?.into_iter().map(|row| (row.appeal_id.clone(), row)).collect();
        store.close().await;
        let mut appeals = Vec::new();
        for row in newest {
            let fields: Map<String, Value> = serde_json::from_str(&row.body)?;
            let published = published.get(&row.appeal_id);
            let state = published.map_or("draft", |row| row.state.as_str());
            let older_version = published.map(|row| row.version).filter(|version| *version != row.version);
            appeals.push(add_state(fields, state, older_version));
        }
        Ok::<_, CommandError>(appeals)
    })?;
    say(&file::write(&appeals, format)?)
}

/// Adds an appeal's state to its fields, after the id, where people look for it. If readers see an older version, adds
/// the number of that version too.
fn add_state(fields: Map<String, Value>, state: &str, older_version: Option<i64>) -> Map<String, Value> {
    let mut fields_with_state = Map::new();
    for (name, value) in fields {
        let is_id = name == "id";
        fields_with_state.insert(name, value);
        if is_id {
            fields_with_state.insert("live".to_owned(), state.into());
            if let Some(version) = older_version {
                fields_with_state.insert(actions::LIVE_VERSION.to_owned(), version.into());
            }
        }
    }
    fields_with_state
}

/// Reads an appeals file. Returns the appeals that can be read, and the problems of the others.
pub(super) fn read_documents(path: &Path) -> Result<(Vec<AppealDocument>, Vec<AppealProblem>), CommandError> {
    file::read(&read(path)?, Format::of(path)).map_err(|error| cannot_be_parsed(path, &error))
}

pub(super) fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("{} can't be read ({error})", path.display()).into())
}

fn cannot_be_parsed(path: &Path, error: &InvalidFile) -> CommandError {
    format!("{} can't be parsed: {error}", path.display()).into()
}

pub(super) fn problems_text(path: &Path, problems: &[AppealProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(|it| format!("\n  {}: {it}", it.appeal)).collect();
    format!("{} is invalid:{}", path.display(), lines.concat())
}
