//! Reads what a question (a banner request) says about its reader: the standing in its token, and the country.

use keepopen_decision::{Known, Question};

use super::caller::problem_of;
use crate::app::App;
use crate::keys::{BadToken, CheckPurpose, TokenSender};
use crate::limits::Address;
use crate::supporters::TokenFreshness;

/// Finds the client's address. It is called only if the token must be verified.
pub(super) type FindAddress<'a> = &'a dyn Fn() -> Option<Address>;

/// The reader's standing according to the question's token. `None` if there is no capacity to check the token. If the
/// token is invalid, the standing is unknown, and the reader is neither asked nor thanked.
pub(super) fn known_from_question(
    app: &App,
    question: &Question<'_>,
    address: FindAddress<'_>,
    purpose: CheckPurpose,
    now_ms: i64,
) -> Option<Known> {
    known_from_token(check_token(app, question, address, purpose, now_ms))
}

/// The reader's standing according to a checked token. `None` if there was no capacity to check it.
pub(super) fn known_from_token(token: Result<Known, BadToken>) -> Option<Known> {
    match token {
        Ok(known) => Some(known),
        Err(BadToken::Unchecked) => None,
        Err(_) => Some(Known::unknown()),
    }
}

/// Checks the question's token. Returns the reader's standing, including changes since the token was issued.
pub(super) fn check_token(
    app: &App,
    question: &Question<'_>,
    address: FindAddress<'_>,
    purpose: CheckPurpose,
    now_ms: i64,
) -> Result<Known, BadToken> {
    let Some(token) = question.token.as_ref().filter(|token| !token.is_empty()) else {
        return Ok(Known::without_token());
    };
    let claims = app.tokens.check(token, TokenSender { purpose, address }, &question.site, now_ms)?;
    Ok(match app.standings.newest(&claims.sub, &question.site, claims.iat) {
        TokenFreshness::Token => Known {
            standing: claims.standing,
            quiet_until_ms: claims.quiet_until.map(|at_s| at_s.saturating_mul(1000)),
            entitlements: claims.entitlements.clone(),
        },
        TokenFreshness::Changed(change) => {
            // The change may be a day old. Its effect may have ended by now.
            let current = change.at(now_ms);
            Known {
                standing: current.standing,
                quiet_until_ms: current.quiet_until_ms,
                entitlements: claims.entitlements.clone(),
            }
        }
        // The standing may have changed after the token was issued, but such old changes are no longer in memory.
        TokenFreshness::Forgotten => Known::unknown(),
    })
}

/// The error code for an invalid token. `None` if the token is valid, or if there was no capacity to check it.
pub(super) fn token_problem(token: &Result<Known, BadToken>) -> Option<&'static str> {
    let error = token.as_ref().err().filter(|error| **error != BadToken::Unchecked)?;
    Some(problem_of(*error).code.as_str())
}

/// The reader's country as two capital letters. `None` if the question states anything other than two letters. Such a
/// text is ignored, because banner events are counted per country, and each new text would start another count.
pub(super) fn country(question: &Question<'_>) -> Option<[u8; 2]> {
    let code: [u8; 2] = question.reader.country.as_deref()?.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|letter| letter.to_ascii_uppercase()))
}
