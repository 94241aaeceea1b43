//! The standing that a site's back end states with its banner question.

use jiff::Timestamp;
use keepopen_decision::{Known, Standing};
use serde::Deserialize;

use super::words::StandingShape;
use crate::web::body;
use crate::web::problem::Problem;

/// What a site's back end sends with the question.
#[derive(Deserialize)]
struct Statement {
    supporter: Option<StatedSupporter>,
}

/// What a site's back end knows about the reader.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedSupporter)]
pub struct StatedSupporter {
    /// The reader's standing with the site.
    #[schema(value_type = StandingShape)]
    standing: Standing,
    /// The earliest time at which the reader may be asked again. If omitted or null, asking is allowed now.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    quiet_until: Option<Timestamp>,
    /// The names of what the reader is entitled to. The rules of an appeal can include or exclude readers by these names.
    #[serde(default)]
    entitlements: Vec<String>,
}

impl From<StatedSupporter> for Known {
    fn from(stated: StatedSupporter) -> Self {
        Self {
            standing: stated.standing,
            quiet_until_ms: stated.quiet_until.map(Timestamp::as_millisecond),
            entitlements: stated.entitlements,
        }
    }
}

/// The field.
const FIELD: &[u8] = b"\"supporter\"";

/// What the body states about the reader, if anything.
///
/// # Errors
/// It can't be read. (Ignoring it like an unknown field would ask a supporter whom the caller knows.)
pub fn statement(body: &[u8]) -> Result<Option<Known>, Problem> {
    // Few questions come here, and fewer state anything: the others need no second parse.
    if !body.windows(FIELD.len()).any(|part| part == FIELD) {
        return Ok(None);
    }
    Ok(body::parse_strict::<Statement>(body)?.supporter.map(Known::from))
}
