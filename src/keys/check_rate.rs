//! Limits how many token signatures are checked. One check costs several times as much as the rest of a response, and
//! anybody can send invalid tokens.

use std::num::NonZeroU32;

use crate::clock::Clock;
use crate::ids::SupporterId;
use crate::limits::{Address, KeyedLimit, Limit, Penalty};

/// Why a token is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckPurpose {
    /// To answer a banner request (which appeal a page should show). If there is no capacity, the reader is neither
    /// asked nor thanked.
    Asking,
    /// To act for the token's supporter, who gets an error if there is no capacity.
    Acting,
}

/// Who presents a token, and why.
#[derive(Clone, Copy)]
pub struct TokenSender<'a> {
    /// Why the token is checked.
    pub purpose: CheckPurpose,
    /// Finds the client's address. It is only called for a token that is not cached.
    pub address: &'a dyn Fn() -> Option<Address>,
}

impl From<CheckPurpose> for TokenSender<'_> {
    /// Creates a sender whose address is unknown.
    fn from(purpose: CheckPurpose) -> Self {
        Self { purpose, address: &|| None }
    }
}

/// Limits on how many new tokens (tokens that are not cached) are checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckLimits {
    /// How many new tokens are checked per second for each [`CheckPurpose`].
    pub per_second: NonZeroU32,
    /// How many new tokens from one address are checked per second.
    pub address_per_second: NonZeroU32,
    /// How many tokens with a wrong signature one address may send per minute before it is paused.
    pub address_bad_per_minute: NonZeroU32,
}

/// How many new tokens of one supporter are checked per minute. A supporter has a few browsers, each with one token a
/// day, and a checked token is cached.
const SUPPORTER_PER_MINUTE: u32 = 60;

/// Limits checks, so that no client, and no supporter with many tokens, uses up the capacity of others.
pub(super) struct CheckRate {
    asking: Limit,
    acting: Limit,
    addresses: KeyedLimit<Address>,
    wrong_signatures: Penalty<Address>,
    supporters: Penalty<SupporterId>,
}

/// Why a token is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoCapacity {
    /// The address or the supporter exceeded its limit.
    Limited,
    /// All clients together exceeded the limit.
    Full,
}

impl CheckRate {
    pub(super) fn new(limits: &CheckLimits, clock: &Clock) -> Self {
        let supporter = NonZeroU32::new(SUPPORTER_PER_MINUTE).expect("the limit must not be 0");
        Self {
            asking: Limit::per_second(limits.per_second, clock),
            acting: Limit::per_second(limits.per_second, clock),
            addresses: KeyedLimit::per_second(limits.address_per_second, clock),
            wrong_signatures: Penalty::new(limits.address_bad_per_minute, clock),
            supporters: Penalty::new(supporter, clock),
        }
    }

    /// Takes capacity for one check of a token that names `supporter`. The token is not checked yet, so the name may be
    /// forged.
    pub(super) fn take(
        &self,
        purpose: CheckPurpose,
        address: Option<Address>,
        supporter: &SupporterId,
    ) -> Result<(), NoCapacity> {
        let is_refused = |address: &Address| {
            self.wrong_signatures.is_paused(address) || self.addresses.take(address).is_err()
        };
        if self.supporters.is_paused(supporter) || address.as_ref().is_some_and(is_refused) {
            return Err(NoCapacity::Limited);
        }
        let limit = match purpose {
            CheckPurpose::Asking => &self.asking,
            CheckPurpose::Acting => &self.acting,
        };
        limit.take().map_err(|_| NoCapacity::Full)
    }

    /// Counts a token with a wrong signature against the address that sent it.
    pub(super) fn record_wrong_signature(&self, address: Option<Address>) {
        if let Some(address) = address {
            self.wrong_signatures.charge(&address);
        }
    }

    /// Counts a valid new token against its supporter. A token with a wrong signature is never counted against the
    /// supporter that it names.
    pub(super) fn record_valid(&self, supporter: &SupporterId) {
        self.supporters.charge(supporter);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn address(last: u8) -> Option<Address> {
        Some(IpAddr::from([192, 0, 2, last]).into())
    }

    fn rate(clock: &Clock) -> CheckRate {
        let non_zero = |number| NonZeroU32::new(number).unwrap();
        let limits = CheckLimits {
            per_second: non_zero(10),
            address_per_second: non_zero(4),
            address_bad_per_minute: non_zero(2),
        };
        CheckRate::new(&limits, clock)
    }

    fn clock() -> Clock {
        Clock::movable(jiff::Timestamp::UNIX_EPOCH)
    }

    const ANYBODY: fn() -> SupporterId = || SupporterId::from_bytes([1; 16]);

    #[test]
    fn each_purpose_has_its_own_capacity_which_is_restored_over_time() {
        let clock = clock();
        let rate = rate(&clock);
        let take_all = |purpose| (0..100).filter(|_| rate.take(purpose, None, &ANYBODY()) == Ok(())).count();
        assert_eq!((take_all(CheckPurpose::Asking), take_all(CheckPurpose::Acting)), (10, 10));
        clock.advance(100);
        assert_eq!((take_all(CheckPurpose::Asking), take_all(CheckPurpose::Acting)), (1, 1));
        clock.advance(60_000);
        assert_eq!(
            (take_all(CheckPurpose::Asking), take_all(CheckPurpose::Acting)),
            (10, 10),
            "unused capacity must not accumulate"
        );
    }

    #[test]
    fn an_address_cannot_use_the_capacity_of_another_address() {
        let rate = rate(&clock());
        let take = |last| rate.take(CheckPurpose::Asking, address(last), &ANYBODY());
        let flood: Vec<_> = (0..50).map(|_| take(1)).collect();
        assert_eq!(flood.iter().filter(|it| **it == Ok(())).count(), 4);
        assert_eq!(flood.last(), Some(&Err(NoCapacity::Limited)));
        assert_eq!(take(2), Ok(()));
    }

    #[test]
    fn an_address_that_sends_wrong_signatures_is_paused_for_a_minute() {
        let clock = clock();
        let rate = rate(&clock);
        let take = |last| rate.take(CheckPurpose::Asking, address(last), &ANYBODY());
        (0..3).for_each(|_| rate.record_wrong_signature(address(1)));
        assert_eq!((take(1), take(2)), (Err(NoCapacity::Limited), Ok(())));
        clock.advance(59_000);
        assert_eq!(take(1), Err(NoCapacity::Limited));
        clock.advance(1000);
        assert_eq!(take(1), Ok(()));
    }

    #[test]
    fn a_supporter_with_too_many_new_tokens_is_paused_and_other_supporters_are_not() {
        let rate = rate(&clock());
        (0..=SUPPORTER_PER_MINUTE).for_each(|_| rate.record_valid(&ANYBODY()));
        assert_eq!(rate.take(CheckPurpose::Asking, address(1), &ANYBODY()), Err(NoCapacity::Limited));
        let other = SupporterId::from_bytes([2; 16]);
        assert_eq!(rate.take(CheckPurpose::Asking, address(1), &other), Ok(()));
    }
}
