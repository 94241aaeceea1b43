//! Every code word that a caller can meet is listed in `src/http/problem.rs` and nowhere else, and the
//! contract says which route answers with it.

use keepopen::http::Code;

use super::files::{File, below, file};

/// Codes that any route can answer with, or none does by itself.
const GENERAL: &[Code] = &[Code::Internal, Code::MethodNotAllowed];
const LIST: &str = "src/http/problem.rs";

/// Code words written as strings outside of the list.
fn words_outside_the_list(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != LIST) {
        let code = file.code();
        let said = Code::ALL.iter().filter(|known| code.contains(&format!("\"{}\"", known.as_str())));
        complaints.extend(said.map(|known| format!("{} writes \"{}\"", file.path, known.as_str())));
    }
    complaints
}

/// Answers of the handlers' contract: the status, and the code words of its description.
fn answers(files: &[File]) -> Vec<(String, u16, Vec<String>)> {
    let mut found = Vec::new();
    for file in files {
        for line in file.text.lines().filter(|line| line.contains("body = Problem")) {
            let status = after(line, "status = ").split(',').next().and_then(|text| text.trim().parse().ok());
            let status: u16 = status.unwrap_or_else(|| panic!("{}: no status in {line}", file.path));
            let words = after(line, "description = ").split('`').skip(1).step_by(2).map(str::to_owned);
            found.push((file.path.clone(), status, words.collect()));
        }
    }
    found
}

fn after<'a>(line: &'a str, what: &str) -> &'a str {
    line.split_once(what).map_or("", |(_, rest)| rest)
}

/// Described answers whose code is unknown, or has another status.
fn wrong_answers(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, status, words) in answers(files) {
        if words.is_empty() {
            complaints.push(format!("{path}: the answer {status} names no code"));
        }
        for word in words {
            match Code::ALL.iter().find(|code| code.as_str() == word) {
                None => complaints.push(format!("{path}: `{word}` is no code")),
                Some(code) if code.status() != status => {
                    complaints.push(format!(
                        "{path}: `{word}` is answered with {}, not {status}",
                        code.status().as_u16()
                    ));
                }
                Some(_) => {}
            }
        }
    }
    complaints
}

/// Codes that no handler's contract names.
fn codes_without_a_route(files: &[File]) -> Vec<&'static str> {
    let named: Vec<String> = answers(files).into_iter().flat_map(|(_, _, words)| words).collect();
    let missing = Code::ALL.iter().filter(|code| !GENERAL.contains(code));
    missing.map(|code| code.as_str()).filter(|word| !named.iter().any(|name| name == word)).collect()
}

#[test]
fn code_words_are_written_in_the_list_alone() {
    assert_eq!(words_outside_the_list(&below("src", &[".rs"])), Vec::<String>::new());
    let told = |path: &str| words_outside_the_list(&[File::made_up(path, "let a = \"site_unknown\";")]);
    assert_eq!(told("src/actions/a.rs"), ["src/actions/a.rs writes \"site_unknown\""]);
    assert_eq!(told(LIST), Vec::<String>::new());
}

#[test]
fn every_code_is_named_by_a_route_with_its_status() {
    let files = below("src/http", &[".rs"]);
    assert_eq!(wrong_answers(&files), Vec::<String>::new());
    assert_eq!(codes_without_a_route(&files), Vec::<&str>::new());
}

/// The table of `docs/api.md`: a row for each code, in the order of the list.
fn rows(page: &str) -> Vec<&str> {
    page.lines()
        .skip_while(|line| *line != "| code | status | meaning |")
        .skip(2)
        .take_while(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_docs_have_every_code_with_its_status_and_meaning() {
    let row =
        |code: &Code| format!("| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.title());
    let wanted: Vec<String> = Code::ALL.iter().map(row).collect();
    assert_eq!(rows(&file("docs/api.md").text), wanted);
}

#[test]
fn an_answer_with_a_wrong_code_or_status_is_found() {
    let wrong = |line: &str| wrong_answers(&[File::made_up("src/http/a.rs", line)]);
    let line = "(status = 404, body = Problem, description = \"`site_unknown`, `not_found`\"),";
    assert_eq!(wrong(line), Vec::<String>::new());
    assert_eq!(wrong(&line.replace("404", "409")).len(), 2);
    assert_eq!(wrong(&line.replace("not_found", "missing")), ["src/http/a.rs: `missing` is no code"]);
    assert_eq!(wrong(&line.replace('`', "")), ["src/http/a.rs: the answer 404 names no code"]);
    let unnamed = codes_without_a_route(&[File::made_up("src/http/a.rs", line)]);
    assert!(unnamed.contains(&"body_too_large") && !unnamed.contains(&"site_unknown"));
}

#[test]
fn code_words_are_plain_and_differ() {
    let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')), "{words:?}");
    let count = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), count, "two codes share a word");
}
