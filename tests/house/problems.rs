//! Only `src/web/problem.rs` may define error codes, and the API description must say which routes return each code.
//! (`tests/contract/` compares responses with the description.)

use keepopen::web::problem::Code;

use super::files::{File, file, files_below};

/// Codes that any route can return, or that belong to no route.
const GENERAL_CODES: &[Code] = &[Code::Internal, Code::MethodNotAllowed];
/// Codes of forms on pages. The API description does not cover pages.
const PAGE_CODES: &[Code] = &[Code::CrossSiteRequest];
const LIST: &str = "src/web/problem.rs";

/// Error codes written as strings outside the list.
fn codes_outside_the_list(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != LIST) {
        let code = file.code();
        let written = Code::ALL.iter().filter(|known| code.contains(&format!("\"{}\"", known.as_str())));
        findings.extend(written.map(|known| format!("{} writes \"{}\"", file.path, known.as_str())));
    }
    findings
}

/// The codes that handlers list, from which the API description gets a response for each status.
fn listed_codes(files: &[File]) -> Vec<String> {
    let lists = files.iter().flat_map(|file| file.text.split("\"x-problems\" = json!([").skip(1));
    let codes = |list: &str| -> Vec<String> {
        let inside = list.split("])").next().unwrap_or_default();
        inside.split(',').filter_map(|code| code.trim().strip_prefix("Code::")).map(str::to_owned).collect()
    };
    lists.flat_map(codes).collect()
}

/// Files that describe error responses by hand. In such a description, the status could contradict the code.
fn responses_described_by_hand(files: &[File]) -> Vec<&str> {
    files.iter().filter(|file| file.text.contains("body = Problem")).map(|file| file.path.as_str()).collect()
}

/// Codes that no handler lists.
fn codes_without_a_route(files: &[File]) -> Vec<&'static str> {
    let named = listed_codes(files);
    let missing = Code::ALL.iter().filter(|code| !GENERAL_CODES.contains(code) && !PAGE_CODES.contains(code));
    missing.filter(|code| !named.contains(&format!("{code:?}"))).map(|code| code.as_str()).collect()
}

#[test]
fn codes_are_written_only_in_the_list() {
    assert_eq!(codes_outside_the_list(&files_below("src", &[".rs"])), Vec::<String>::new());
    let findings = |path: &str| codes_outside_the_list(&[File::made_up(path, "let a = \"site_not_found\";")]);
    assert_eq!(findings("src/actions/a.rs"), ["src/actions/a.rs writes \"site_not_found\""]);
    assert_eq!(findings(LIST), Vec::<String>::new());
}

#[test]
fn every_code_is_listed_by_a_route() {
    let files = files_below("src/api", &[".rs"]);
    assert_eq!(responses_described_by_hand(&files), Vec::<&str>::new());
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
fn the_docs_list_every_code_with_its_status_and_meaning() {
    let row =
        |code: &Code| format!("| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.title());
    let expected: Vec<String> = Code::ALL.iter().map(row).collect();
    assert_eq!(rows(&file("docs/api.md").text), expected);
}

#[test]
fn a_code_without_a_route_is_found() {
    let line =
        "extensions((\"x-problems\" = json!([Code::SiteNotFound, Code::NotFound]))), // Code::BodyTooLarge";
    let unnamed = codes_without_a_route(&[File::made_up("src/api/a.rs", line)]);
    assert!(unnamed.contains(&"body_too_large") && !unnamed.contains(&"site_not_found"));
    let by_hand =
        File::made_up("src/api/a.rs", "(status = 404, body = Problem, description = \"`site_not_found`\"),");
    assert_eq!(responses_described_by_hand(&[by_hand]), ["src/api/a.rs"]);
}

#[test]
fn codes_are_unique_and_contain_only_lowercase_letters_and_underscores() {
    let mut labels: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(
        labels.iter().all(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')),
        "{labels:?}"
    );
    let count = labels.len();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), count, "two error codes have the same label");
}
