//! Supporters: the standing that follows from somebody's contributions.
//!
//! **Owns** the standing, and e-mail addresses as keys.
//! **Never** does I/O.
//! **Start at** [`standing_of`].
//! **Tested in** the files here, `tests/api/gifts.rs`.

mod email;
mod recent;
mod standing;

pub use email::Email;
pub use recent::{MAX_RECENT_STANDINGS, Newest, RecentStandings, StandingChange};
pub use standing::{
    GiftSummary, NextStanding, Standing, StandingNow, best_standing, standing_changed, standing_of,
};
