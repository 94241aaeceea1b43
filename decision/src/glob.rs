//! Paths with `*` for any run of characters. Each piece between two stars is searched for once, from the end of the
//! previous piece. The time therefore grows linearly with the length of the path, and no pattern is slow.

use std::fmt;

use crate::diagnostics::Diagnostics;

/// A pattern for paths, such as `/sport/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    /// The text before the first star.
    start: Box<str>,
    /// The rest of the pattern; `None` for a pattern without a star.
    rest: Option<Rest>,
}

/// The pieces of text between stars, and the text after the last star.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rest {
    between: Box<[Box<str>]>,
    last: Box<str>,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        let mut pieces: Vec<Box<str>> = pattern.split('*').map(Into::into).collect();
        let last = pieces.pop().unwrap_or_default();
        if pieces.is_empty() {
            return Self { start: last, rest: None };
        }
        let start = pieces.remove(0);
        pieces.retain(|piece| !piece.is_empty());
        Self { start, rest: Some(Rest { between: pieces.into(), last }) }
    }

    /// Whether the whole path matches the pattern.
    pub(crate) fn fits(&self, path: &str) -> bool {
        let Some(Rest { between, last }) = &self.rest else {
            return path == &*self.start;
        };
        let middle = path.strip_prefix(&*self.start).and_then(|rest| rest.strip_suffix(&**last));
        let Some(mut middle) = middle else {
            return false;
        };
        for piece in between {
            match middle.find(&**piece) {
                Some(at) => middle = &middle[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start)?;
        let Some(Rest { between, last }) = &self.rest else {
            return Ok(());
        };
        between.iter().try_for_each(|piece| write!(f, "*{piece}"))?;
        write!(f, "*{last}")
    }
}

/// Compiles patterns. Reports patterns that can't match any path.
pub(crate) fn globs(field_path: &str, patterns: &[String], diagnostics: &mut Diagnostics<'_>) -> Box<[Glob]> {
    for (place, pattern) in patterns.iter().enumerate() {
        if !pattern.starts_with(['/', '*']) {
            diagnostics.problem(
                format!("{field_path}[{place}]"),
                format!("{pattern:?} can't match a path: begin with / or *, and leave out the host."),
            );
        }
    }
    patterns.iter().map(|pattern| Glob::new(pattern)).collect()
}

/// Returns the path of a URL, without query and fragment.
pub(crate) fn path_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(url, |at| {
        let host = &url[at + 3..];
        host.find('/').map_or("/", |at| &host[at..])
    });
    let end = after_scheme.find(['?', '#']).unwrap_or(after_scheme.len());
    &after_scheme[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_run_of_characters_including_none() {
        let fits = |pattern: &str, path: &str| Glob::new(pattern).fits(path);
        assert!(fits("/sport/*", "/sport/") && fits("/sport/*", "/sport/a/b"));
        assert!(!fits("/sport/*", "/sports") && !fits("/sport", "/sport/"));
        assert!(fits("*/live/*", "/a/live/b") && fits("*", "") && fits("/a*b*c", "/abxbc"));
        assert!(!fits("/a*a", "/a") && fits("/a*a", "/aa") && !fits("/a*bc*c", "/abc"));
        assert!(fits("/a**c", "/abc") && fits("*ab*ab*", "abab") && !fits("*ab*ab*", "ab"));
    }

    #[test]
    fn a_pattern_with_many_stars_is_not_slow() {
        let pattern = "a*".repeat(1000) + "b";
        assert!(!Glob::new(&pattern).fits(&"a".repeat(100_000)));
    }

    #[test]
    fn the_path_is_between_the_host_and_the_query() {
        let paths = [
            "https://journal.example/a/b?c=/d#e",
            "https://e.test/a/b",
            "/a/b#e",
            "https://journal.example",
            "a/b",
        ];
        assert_eq!(paths.map(path_of), ["/a/b", "/a/b", "/a/b", "/", "a/b"]);
    }
}
