//! How many signatures are checked in a second: one costs several times the rest of an answer, and anybody can send bad ones.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock as SteadyClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// For what a token is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To answer a banner question: when there is no room, the reader is neither asked nor thanked.
    Asking,
    /// To act for its supporter, who hears when there is no room.
    Acting,
}

/// Room for so many checks a second for each purpose, so that a flood of banner questions shuts no supporter out.
pub(super) struct CheckRate {
    asking: Limiter,
    acting: Limiter,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Duration>>;

impl CheckRate {
    pub(super) fn new(checks_per_second: NonZeroU32, clock: &Clock) -> Self {
        let limiter =
            || RateLimiter::direct_with_clock(Quota::per_second(checks_per_second), Steady(clock.clone()));
        Self { asking: limiter(), acting: limiter() }
    }

    /// Whether there is room for one more now; if so, it is taken.
    pub(super) fn takes(&self, purpose: Purpose) -> bool {
        let limiter = match purpose {
            Purpose::Asking => &self.asking,
            Purpose::Acting => &self.acting,
        };
        limiter.check().is_ok()
    }
}

/// The clock as the library asks it.
#[derive(Clone, Debug)]
struct Steady(Clock);

impl SteadyClock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_room_and_gets_it_back_with_time() {
        let clock = Clock::movable(jiff::Timestamp::UNIX_EPOCH);
        let rate = CheckRate::new(NonZeroU32::new(10).unwrap(), &clock);
        let taken = |purpose| (0..100).filter(|_| rate.takes(purpose)).count();
        assert_eq!((taken(Purpose::Asking), taken(Purpose::Acting)), (10, 10));
        clock.advance(100);
        assert_eq!((taken(Purpose::Asking), taken(Purpose::Acting)), (1, 1));
        clock.advance(60_000);
        assert_eq!((taken(Purpose::Asking), taken(Purpose::Acting)), (10, 10), "unused room does not add up");
    }
}
