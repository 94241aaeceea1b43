//! Reads the project's files for the rules.

use std::path::{Path, PathBuf};

/// A file: its text, and its path relative to the project's root, with `/` between the parts.
#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    /// Makes up a file, for example one that breaks a rule.
    pub fn made_up(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The file's lines without comments, so that words in comments don't count. A `//` in a string also counts as
    /// the start of a comment, unless it follows a `:`.
    pub fn code(&self) -> String {
        self.text.lines().map(|line| remove_comment(line).to_owned() + "\n").collect()
    }
}

fn remove_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(found) = line[from..].find("//") {
        let at = from + found;
        if !line[..at].ends_with(':') {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// The project's root folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file, which must exist.
pub fn file(path: &str) -> File {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File { path: path.to_owned(), text }
}

/// Reads every text file below `folder` with one of these `endings`, ordered by path, except built or installed files.
pub fn files_below(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    let found: Vec<File> = paths
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"))
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        .map(|path| file(&path))
        .collect();
    assert!(!found.is_empty(), "there are no files below {folder}, so the rule would check nothing");
    found
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    const SKIPPED: [&str; 6] = [".git", ".built", "data", "dist", "node_modules", "target"];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                walk(&path, paths);
            }
        } else {
            paths.push(path);
        }
    }
}

/// Reads all Rust code of the program.
pub fn program() -> Vec<File> {
    ["src", "decision/src", "practice/src"].iter().flat_map(|folder| files_below(folder, &[".rs"])).collect()
}
