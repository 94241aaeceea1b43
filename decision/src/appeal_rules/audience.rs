//! To whom an appeal shows.

use serde::{Deserialize, Serialize};

use super::Selection;
use crate::words::Standing;

/// To whom an appeal shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Standings it is meant for. Left out, it depends on the kind: `ask`: `none`, `one_off`, `lapsed`;
    /// `thank`: `recurring`, `one_off`; `fix_card`: `past_due`; `win_back`: `lapsed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standings: Option<Vec<Standing>>,
    /// ISO 3166-1 codes of two letters. A reader whose country is unknown gets only appeals without any.
    #[serde(default)]
    pub countries: Selection,
}
