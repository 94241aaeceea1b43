//! Each folder must begin with a description, files must stay short, and migrations must state their purpose.

use super::files::{File, files_below, program, root};

const FOUR_LINES: [&str; 4] = ["**Owns**", "**Never**", "**Start at**", "**Tested in**"];
/// The maximum number of lines of a file. A longer file usually contains a second idea.
const MAX_LINES: usize = 400;

/// Folders whose `mod.rs` or `lib.rs` does not begin with the four lines.
fn folders_without_description(files: &[File]) -> Vec<String> {
    let mut folders: Vec<&str> =
        files.iter().filter_map(|file| Some(file.path.rsplit_once('/')?.0)).collect();
    folders.dedup();
    folders.iter().filter_map(|folder| what_is_missing(folder, files)).collect()
}

/// What is missing from a folder's description. `None` if it is complete.
fn what_is_missing(folder: &str, files: &[File]) -> Option<String> {
    if folder == "src" {
        // `src/lib.rs` only lists the folders, and each folder has the four lines itself.
        return None;
    }
    let main_file = files
        .iter()
        .find(|file| file.path == format!("{folder}/mod.rs") || file.path == format!("{folder}/lib.rs"));
    let Some(main_file) = main_file else { return Some(format!("{folder} has no mod.rs")) };
    let opening: Vec<&str> = main_file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let mut from = 0;
    for opening_words in FOUR_LINES {
        match opening[from..].iter().position(|line| line.trim_start().starts_with(opening_words)) {
            Some(found) => from += found + 1,
            None => {
                return Some(format!(
                    "{} has no line {opening_words}, or has it in another place",
                    main_file.path
                ));
            }
        }
    }
    None
}

/// Test files that a folder's description names but that do not exist.
fn missing_tests(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let lines = file.text.lines().map_while(|line| line.strip_prefix("//!"));
        for line in lines.filter(|line| line.trim_start().starts_with("**Tested in**")) {
            for named in line.split('`').skip(1).step_by(2).filter(|named| named.contains('/')) {
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let krate = folder.split_once("/src").map_or("", |(krate, _)| krate);
                let places = ["", "src/", &format!("{krate}/")].map(|place| format!("{place}{named}"));
                if !places.iter().any(|place| exists(place)) {
                    findings.push(format!("{}: `{named}` does not exist", file.path));
                }
            }
        }
    }
    findings
}

/// Files with more than [`MAX_LINES`] lines.
fn files_too_long(files: &[File]) -> Vec<String> {
    let with_lengths = files.iter().map(|file| (file, file.text.lines().count()));
    with_lengths
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| format!("{} has {lines} lines; move its second idea to another file", file.path))
        .collect()
}

/// Migrations that do not begin with a comment.
fn migrations_without_purpose(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.text.starts_with("-- "))
        .map(|file| format!("{} does not begin with a comment that states its purpose", file.path))
        .collect()
}

#[test]
fn every_folder_begins_with_its_four_lines() {
    assert_eq!(folders_without_description(&program()), Vec::<String>::new());
    let findings = |text: &str| folders_without_description(&[File::made_up("src/mail/mod.rs", text)]);
    let good =
        "//! Mail.\n//!\n//! **Owns** a.\n//! **Never** b.\n//! **Start at** c.\n//! **Tested in** d.\n";
    assert_eq!(findings(good), Vec::<String>::new());
    let missing = ["src/mail/mod.rs has no line **Never**, or has it in another place"];
    assert_eq!(findings(&good.replace("**Never** b.", "")), missing);
    let swapped = good.replace("Owns", "x").replace("Never", "Owns").replace('x', "Never");
    assert_eq!(findings(&swapped), missing);
    assert_eq!(
        findings(&good.replace("//! **Tested", "\n//! **Tested")).len(),
        1,
        "the four lines must be in one block"
    );
    assert_eq!(
        folders_without_description(&[File::made_up("src/mail/a.rs", good)]),
        ["src/mail has no mod.rs"]
    );
}

#[test]
fn the_tests_in_a_folders_description_exist() {
    assert_eq!(missing_tests(&program(), |path| root().join(path).exists()), Vec::<String>::new());
    let file = File::made_up("src/mail/mod.rs", "//! **Tested in** the files here, `tests/api/mail.rs`.");
    let expected = ["src/mail/mod.rs: `tests/api/mail.rs` does not exist"];
    assert_eq!(missing_tests(std::slice::from_ref(&file), |_| false), expected);
    assert_eq!(missing_tests(&[file], |path| path == "tests/api/mail.rs"), Vec::<String>::new());
}

#[test]
fn no_file_is_longer_than_400_lines() {
    assert_eq!(files_too_long(&program()), Vec::<String>::new());
    assert_eq!(files_too_long(&files_below("tests", &[".rs"])), Vec::<String>::new());
    assert_eq!(files_too_long(&[File::made_up("src/a.rs", &"\n".repeat(400))]), Vec::<String>::new());
    assert_eq!(files_too_long(&[File::made_up("src/a.rs", &"\n".repeat(401))]).len(), 1);
}

#[test]
fn every_migration_begins_with_a_comment() {
    assert_eq!(migrations_without_purpose(&files_below("migrations", &[".sql"])), Vec::<String>::new());
    assert_eq!(migrations_without_purpose(&[File::made_up("0002.sql", "CREATE TABLE a")]).len(), 1);
}
