//! Reads the recorded and hand-written events of every generation of Stripe's API. A generation is a range of API
//! versions whose objects have the same shape. For example, basil (2025-03-31) began one.

use std::path::Path;

use keepopen::contributions::Fact;
use keepopen::stripe::{BadShape, Envelope, Report, read_event};
use serde_json::Value;

/// An event of Stripe that a file of the repository contains.
pub struct Recorded {
    /// The path of the file, relative to `tests/fixtures/stripe`.
    pub name: String,
    pub event: Value,
    /// Whether the event's API version is basil or later. In these versions, an invoice names its subscription under
    /// `parent`, and does not contain its payment intent.
    pub since_basil: bool,
}

/// Every event in `tests/fixtures/stripe`, ordered by file.
pub fn recorded() -> Vec<Recorded> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stripe");
    let mut paths: Vec<_> = std::fs::read_dir(&root)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let version = event["api_version"].as_str().unwrap_or_default();
        let since_basil = ["basil", "clover", "dahlia", "endive"].iter().any(|name| version.ends_with(name));
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        Recorded { name, event, since_basil }
    };
    paths.iter().map(read).collect()
}

impl Recorded {
    /// Stripe's name for the kind of the event's object. Empty for the two types of invoice event that the service
    /// never reads. The invoice of `invoice.upcoming` has no id, and only a draft without a payment can be deleted.
    pub fn object(&self) -> &str {
        match self.event["type"].as_str().unwrap() {
            "invoice.upcoming" | "invoice.deleted" => "",
            _ => self.event["data"]["object"]["object"].as_str().unwrap_or_default(),
        }
    }
}

/// Returns the facts that the parser reads from an event. A fact is what the service needs to know of one object.
pub fn facts_of(event: &Value) -> Result<Vec<Fact>, BadShape> {
    let text = event.to_string();
    match read_event(&Envelope::read(&text).unwrap())? {
        Report::Facts(facts) => Ok(facts),
        Report::Nothing | Report::ConnectedAccount | Report::Named { .. } => Ok(Vec::new()),
    }
}
