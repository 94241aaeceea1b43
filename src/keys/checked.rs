//! The cache of valid tokens. It exists because checking a signature costs more than the rest of a response.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;

use super::Claims;
use crate::ids::SupporterId;

/// The maximum number of cached tokens.
const MAX_TOKENS: usize = 10_000;
/// The maximum number of cached tokens of one supporter, who may use a few browsers on a few sites.
const MAX_PER_SUPPORTER: usize = 8;

/// The tokens with a valid signature, including expired ones, so that their signatures are not checked again. Nobody
/// can fill the cache to slow down others. Invalid tokens are not added, a valid token has only one spelling, and the
/// tokens of one supporter only displace each other.
pub(super) struct Checked {
    tokens: Cache<Box<str>, Arc<Claims>>,
    /// The tokens of each supporter, oldest first.
    by_supporter: Cache<SupporterId, Arc<Mutex<VecDeque<Box<str>>>>>,
}

impl Default for Checked {
    fn default() -> Self {
        Self { tokens: Cache::new(MAX_TOKENS), by_supporter: Cache::new(MAX_TOKENS) }
    }
}

impl Checked {
    /// Returns the claims of a cached token.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        self.tokens.get(token)
    }

    /// Adds a token.
    pub(super) fn remember(&self, token: &str, claims: &Arc<Claims>) {
        let empty = || Ok::<_, Infallible>(Arc::default());
        let Ok(own_tokens) = self.by_supporter.get_or_insert_with(&claims.sub, empty);
        // No code panics while it holds the lock.
        let mut own_tokens = own_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        own_tokens.retain(|known| **known != *token);
        if own_tokens.len() >= MAX_PER_SUPPORTER
            && let Some(oldest) = own_tokens.pop_front()
        {
            self.tokens.remove(&*oldest);
        }
        own_tokens.push_back(token.into());
        self.tokens.insert(token.into(), Arc::clone(claims));
    }

    /// Removes all tokens.
    pub(super) fn clear(&self) {
        self.tokens.clear();
        self.by_supporter.clear();
    }

    /// The number of cached tokens.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }
}

#[cfg(test)]
mod tests {
    use keepopen_decision::Standing;

    use super::*;
    use crate::keys::TokenScope;

    fn claims(supporter: u8) -> Arc<Claims> {
        Arc::new(Claims {
            iss: String::new(),
            aud: String::new(),
            sub: SupporterId::from_bytes([supporter; 16]),
            iat: 0,
            exp: 0,
            nbf: None,
            jti: String::new(),
            epoch: 0,
            scope: TokenScope::Standing,
            standing: Standing::Recurring,
            quiet_until: None,
            entitlements: Vec::new(),
        })
    }

    #[test]
    fn many_valid_tokens_of_one_supporter_do_not_displace_the_tokens_of_others() {
        let checked = Checked::default();
        let (many, other) = (claims(1), claims(2));
        checked.remember("other", &other);
        (0..5 * MAX_TOKENS).for_each(|number| checked.remember(&format!("many {number}"), &many));
        assert_eq!(checked.get("other"), Some(other));
        assert_eq!(checked.len(), MAX_PER_SUPPORTER + 1);
        assert!(
            checked.get(&format!("many {}", 5 * MAX_TOKENS - MAX_PER_SUPPORTER)).is_some(),
            "the newest tokens must stay cached"
        );
    }
}
