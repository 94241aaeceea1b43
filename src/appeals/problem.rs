//! Problems of appeals.

use std::fmt;

use serde::Serialize;

/// Why one appeal is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AppealProblem {
    /// The appeal's id, or its position in the file (`#3`) if it has none.
    pub appeal: String,
    /// The field with the problem, such as `variants[1].copy`; empty if the problem concerns the whole appeal.
    pub field: String,
    /// What is wrong, and how to fix it.
    pub sentence: String,
}

impl fmt::Display for AppealProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => f.write_str(&self.sentence),
            field => write!(f, "{field}: {}", self.sentence),
        }
    }
}
