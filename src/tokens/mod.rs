//! Supporter tokens, and everything else that is signed or sealed.
//!
//! **Owns** the keys, the claims, the check, and the signed attribution.
//! **Never** talks to the database: `actions/` brings the keys.
//! **Start at** [`Tokens`].
//! **Tested in** the files here, `tests/api/tokens.rs`; RFC 8725 is the check-list.

mod api_key;
mod attribution;
mod check_rate;
mod checked;
mod claims;
mod epochs;
mod issue;
mod preview;
mod proof;
mod recent_keys;
mod signed_value;
mod signing_key;
mod vault;

pub use api_key::{ApiKey, Scope};
pub use attribution::{Attribution, BadAttribution, Shown};
pub use check_rate::{Asker, CheckLimits, Purpose};
pub use claims::{Claims, TokenScope};
pub use epochs::Epochs;
pub use issue::{BadToken, Tokens};
pub use preview::{BadPreview, Preview};
pub use recent_keys::RecentKeys;
pub use signing_key::{SealedKey, SigningKey, UnsealError};
pub use vault::{Vault, VaultError};
