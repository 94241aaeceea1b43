//! Manages secret keys.
//!
//! **Owns** API keys, and the vault that encrypts stored secrets.
//! **Never** keeps an API key's secret.
//! **Start at** `create_api_key.rs`.
//! **Tested in** `tests/api/audit.rs`.

pub(super) mod create_api_key;
pub(super) mod open_vault;
pub(super) mod revoke_api_key;

pub use create_api_key::create_api_key;
pub use open_vault::open_vault;
pub use revoke_api_key::{RevokeError, revoke_api_key};
