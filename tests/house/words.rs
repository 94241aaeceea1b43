//! The project only mentions itself: no paths of a machine, no issue numbers, no addresses of package hosts.

use super::files::{File, below};

/// Forbidden texts, written in halves, so that this file does not contain them.
const NOT_SAID: &[(&str, &str)] = &[
    ("/wor", "k/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("issue", " #"),
    ("issue", "s/"),
    ("registry.", "npmjs"),
    ("crates", ".io"),
    ("pypi", ".org"),
    ("files.python", "hosted"),
    ("deb.", "debian"),
];

fn said(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let said = NOT_SAID.iter().map(|(one, two)| format!("{one}{two}"));
            for word in said.filter(|word| line.contains(word)) {
                complaints.push(format!("{}:{}: `{word}`", file.path, number + 1));
            }
        }
    }
    complaints
}

#[test]
fn the_project_mentions_only_itself() {
    let texts = [
        ".rs",
        ".sql",
        ".toml",
        ".md",
        ".yaml",
        ".yml",
        ".ts",
        ".mjs",
        ".html",
        ".css",
        ".json",
        "Dockerfile",
        "/run",
        "/test",
        ".editorconfig",
        ".gitattributes",
        ".npmrc",
    ];
    let files = below(".", &texts);
    assert!(files.len() > 100, "the rule reads too few files to be reliable");
    assert_eq!(said(&files), Vec::<String>::new());
}

#[test]
fn a_path_of_a_machine_is_found() {
    let path = format!("{}{}me/notes.txt", "/ho", "me/");
    let file = File::made_up("README.md", &format!("Fine.\nSee {path}."));
    assert_eq!(said(&[file]), [format!("README.md:2: `{}{}`", "/ho", "me/")]);
}
