//! The project's files must not mention paths of a developer's machine, issue numbers, or addresses of package hosts.

use super::files::{File, files_below};

/// The forbidden texts. Each is written in two halves, so that this file does not contain it.
const FORBIDDEN: &[(&str, &str)] = &[
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

/// Finds the lines that contain a forbidden text.
fn forbidden_texts(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let texts = FORBIDDEN.iter().map(|(one, two)| format!("{one}{two}"));
            for text in texts.filter(|text| line.contains(text)) {
                findings.push(format!("{}:{}: `{text}`", file.path, number + 1));
            }
        }
    }
    findings
}

#[test]
fn no_file_contains_a_forbidden_text() {
    let endings = [
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
    let files = files_below(".", &endings);
    assert!(files.len() > 100, "the rule must read more than 100 files; otherwise it misses most of them");
    assert_eq!(forbidden_texts(&files), Vec::<String>::new());
}

#[test]
fn a_path_of_a_developers_machine_is_found() {
    let path = format!("{}{}me/notes.txt", "/ho", "me/");
    let file = File::made_up("README.md", &format!("Fine.\nSee {path}."));
    assert_eq!(forbidden_texts(&[file]), [format!("README.md:2: `{}{}`", "/ho", "me/")]);
}
