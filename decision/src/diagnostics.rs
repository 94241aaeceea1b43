//! Problems in sites and appeals, and how they are collected during compilation.

use std::fmt;

use serde::Serialize;

/// A problem in a site or an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The appeal's id; `None` if the problem is in a site.
    pub appeal: Option<String>,
    /// The site's id; `None` if the problem is in an appeal.
    pub site: Option<String>,
    /// The field's path, such as `variants[1].id`.
    pub field_path: String,
    /// What is wrong and how to fix it.
    pub sentence: String,
}

impl Problem {
    pub(crate) fn new(
        subject: Subject<'_>,
        field_path: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        let (appeal, site) = match subject {
            Subject::Appeal(id) => (Some(id.to_owned()), None),
            Subject::Site(id) => (None, Some(id.to_owned())),
        };
        Self { appeal, site, field_path: field_path.into(), sentence: sentence.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.appeal, &self.site) {
            (Some(appeal), _) => write!(f, "appeal {appeal:?}, ")?,
            (None, Some(site)) => write!(f, "site {site:?}, ")?,
            (None, None) => {}
        }
        write!(f, "{}: {}", self.field_path, self.sentence)
    }
}

/// The site or appeal that is checked, identified by its id.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Site(&'a str),
    Appeal(&'a str),
}

/// The maximum length of an id, in characters.
const MAX_ID_LEN: usize = 100;

/// Collects the problems of one subject.
pub(crate) struct Diagnostics<'a> {
    subject: Subject<'a>,
    problems: &'a mut Vec<Problem>,
    /// The number of problems that were reported for earlier subjects.
    problems_before: usize,
}

impl<'a> Diagnostics<'a> {
    pub(crate) fn new(subject: Subject<'a>, problems: &'a mut Vec<Problem>) -> Self {
        let problems_before = problems.len();
        Self { subject, problems, problems_before }
    }

    /// Reports a problem. An appeal that is compiled for several sites reports each problem once.
    pub(crate) fn problem(&mut self, field_path: impl Into<String>, sentence: impl Into<String>) {
        let problem = Problem::new(self.subject, field_path, sentence);
        if !self.problems[self.problems_before..].contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Checks an id and returns whether it is valid. `what` names the kind of thing that has the id, such as "a
    /// variant". Ids appear in URLs, results and payments, so they must be short and have no line breaks.
    pub(crate) fn check_id(&mut self, field_path: impl Into<String>, id: &str, what: &str) -> bool {
        if id.trim().is_empty() {
            self.problem(field_path, format!("{what} needs an id."));
        } else if id.chars().count() > MAX_ID_LEN || id.contains(char::is_control) {
            let sentence = format!(
                "an id has at most {MAX_ID_LEN} characters and no line breaks: give {what} another id."
            );
            self.problem(field_path, sentence);
        } else {
            return true;
        }
        false
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.problems.len() == self.problems_before
    }
}
