//! Supporters and their standing. The standing says how a site treats a supporter, for example as a recurring giver. It
//! is computed from the supporter's contributions to that site.
//!
//! **Owns** the standing, and the e-mail addresses that identify supporters.
//! **Never** does I/O.
//! **Start at** [`standing_of`].
//! **Tested in** the files here and `tests/api/gifts.rs`.

mod email;
mod recent;
mod standing;

pub use email::Email;
pub use recent::{MAX_RECENT_STANDINGS, RecentStandings, StandingChange, TokenFreshness};
pub use standing::{
    GiftSummary, NextStanding, Standing, StandingNow, best_standing, standing_changed, standing_of,
};
