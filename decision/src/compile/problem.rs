//! What is wrong in what people wrote.

use std::fmt;

use serde::Serialize;

use crate::appeal_rules::{AppealRules, SiteRules};

/// Something wrong in what people wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The appeal's id; `None` when a site is at fault.
    pub appeal: Option<String>,
    /// The site's id; `None` when an appeal is at fault.
    pub site: Option<String>,
    /// Where in it, such as `variants[1].id`.
    pub field_path: String,
    /// What is wrong, and what to do about it.
    pub sentence: String,
}

impl Problem {
    pub(super) fn of_appeal(
        rules: &AppealRules,
        field_path: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            appeal: Some(rules.id.clone()),
            site: None,
            field_path: field_path.into(),
            sentence: sentence.into(),
        }
    }

    pub(super) fn of_site(
        rules: &SiteRules,
        field_path: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            appeal: None,
            site: Some(rules.id.clone()),
            field_path: field_path.into(),
            sentence: sentence.into(),
        }
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
