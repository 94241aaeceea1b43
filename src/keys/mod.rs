//! All cryptography: supporter tokens, and everything else that is signed, encrypted or hashed.
//!
//! **Owns** the keys, the tokens with their claims and verification, API keys, signed attributions and previews, and
//! hashes.
//! **Never** accesses the database: `actions/` loads the keys.
//! **Start at** [`Tokens`].
//! **Tested in** the files here and `tests/api/tokens.rs`. The tests follow RFC 8725 as a check-list.

mod api_key;
mod attribution;
mod check_rate;
mod checked;
mod claims;
mod epochs;
mod hash;
mod issue;
mod mac;
mod preview;
mod proof;
mod recent_keys;
mod session;
mod signed_value;
mod signing_key;
mod supporter_id;
mod vault;

pub use api_key::{ApiKey, Scope};
pub use attribution::{Attribution, AttributionContent, BadAttribution};
pub use check_rate::{CheckLimits, CheckPurpose, TokenSender};
pub use claims::{Claims, TokenScope};
pub use epochs::Epochs;
pub use hash::{Sha256, sha256};
pub use issue::{BadToken, Tokens};
pub use mac::MacKey;
pub use preview::{BadPreview, Preview};
pub use recent_keys::RecentKeys;
pub use session::SessionSecret;
pub use signing_key::{SealedKey, SigningKey, UnsealError};
pub use supporter_id::supporter_id;
pub use vault::{Vault, VaultError};
