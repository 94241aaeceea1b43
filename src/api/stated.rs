//! The standing (the reader's status as a supporter) that a site's back end states in a banner request.

use jiff::Timestamp;
use keepopen_decision::{Known, Standing};
use serde::Deserialize;

use super::words::StandingShape;
use crate::web::body;
use crate::web::problem::Problem;

/// The additional fields of a question (a banner request) from a site's back end.
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

/// The field's name, with the quotes that it has in JSON.
const FIELD: &[u8] = b"\"supporter\"";

/// Reads the reader's standing from the body. `None` if the body does not state it.
///
/// # Errors
/// The field can't be read. If an invalid field were ignored like an unknown one, a supporter whom the caller knows
/// would be asked to give.
pub fn stated_standing(body: &[u8]) -> Result<Option<Known>, Problem> {
    // Most bodies do not contain this field's name. They state no standing, and need no second parse.
    if !body.windows(FIELD.len()).any(|part| part == FIELD) {
        return Ok(None);
    }
    Ok(body::parse_strict::<Statement>(body)?.supporter.map(Known::from))
}
