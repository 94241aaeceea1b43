//! Counters with one label from a fixed list. Each counter is registered once, so counting takes only one addition.

use std::marker::PhantomData;
use std::sync::Arc;

use keepopen_decision::Reason;
use metrics::Counter;

/// The values of a metric label.
pub trait LabelValue: Copy + 'static {
    /// Every value, in the order of [`LabelValue::index`].
    const ALL: &'static [Self];

    /// The label's value.
    fn as_label(self) -> &'static str;

    /// The value's position in [`LabelValue::ALL`].
    fn index(self) -> usize;
}

/// Declares the values of a metric label: an enum that implements [`LabelValue`].
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$label_doc:meta])* $variant:ident = $label:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$label_doc])* $variant,)+
        }

        impl LabelValue for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

labels! {
    /// The outcome of a webhook delivery.
    Delivery {
        /// The delivery was stored.
        Stored = "stored",
        /// The event had been stored before.
        Duplicate = "duplicate",
        /// The event is from the other Stripe mode (test or live) than the configured one. It was stored, but is never
        /// booked.
        Quarantined = "quarantined",
        /// The delivery's signature is invalid.
        BadSignature = "bad_signature",
        /// The delivery is signed, but its body is not an event.
        NotAnEvent = "not_an_event",
        /// The delivery's body is too large, or ended early.
        Unread = "unread",
        /// No secret is configured to check the signature.
        Unchecked = "unchecked",
        /// The database did not store the delivery.
        StoreFailed = "store_failed",
    }
}

labels! {
    /// The outcome of processing an event. Each try counts.
    Processed {
        /// The event contains facts (what Stripe reports about an object) about one of our gifts.
        Booked = "booked",
        /// The event's facts belong to none of our gifts, or can't be assigned to one yet.
        NotOurs = "not_ours",
        /// Events of this type are never booked.
        NothingToBook = "nothing_to_book",
        /// The try failed; the event will be retried.
        Failed = "failed",
        /// The last try failed; the event needs manual review.
        Dead = "dead",
    }
}

labels! {
    /// The outcome of a call to Stripe. Each try counts as a call.
    CallOutcome {
        /// The call succeeded.
        Ok = "ok",
        /// Stripe has no such object.
        NotFound = "no_such_object",
        /// Stripe rejected the request.
        Refused = "refused",
        /// Stripe reported an error of its own.
        Failed = "failed",
        /// Too many calls were in progress at the same time.
        Busy = "busy",
        /// There was no readable response.
        Unreachable = "unreachable",
    }
}

labels! {
    /// Which limit a request exceeded.
    LimitedBy {
        /// The limit for the client's address.
        Address = "address",
        /// The limit for the checkout attempt.
        Attempt = "attempt",
        /// The limit for the site.
        Site = "site",
    }
}

labels! {
    /// Why a request's body was not read to its end.
    CutBody {
        /// The body arrived too slowly.
        Slow = "slow",
        /// Too many other bodies were arriving.
        Crowded = "crowded",
    }
}

labels! {
    /// The outcome of checking a supporter token.
    TokenCheck {
        /// The token is cached as valid.
        Remembered = "remembered",
        /// The token's signature was checked, and is valid.
        Good = "good",
        /// The token is not one of ours.
        Bad = "bad",
        /// Too many tokens had to be checked.
        Unchecked = "unchecked",
        /// The client's address, or the token's supporter, exceeded a limit.
        Limited = "limited",
    }
}

labels! {
    /// The state of an event in the inbox.
    InboxState {
        /// The event has not been tried yet.
        Waiting = "waiting",
        /// A try failed; the event will be retried.
        Retrying = "retrying",
        /// The event is from the other Stripe mode (test or live).
        Quarantined = "quarantined",
        /// Every try failed; the event needs manual review.
        Dead = "dead",
    }
}

labels! {
    /// The problems that the connection to Stripe can have.
    StripeTrouble {
        /// Our endpoint no longer exists.
        EndpointMissing = "endpoint_missing",
        /// Our endpoint is disabled.
        EndpointDisabled = "endpoint_disabled",
        /// Our endpoint was created with another version of Stripe's API.
        EndpointVersion = "endpoint_version",
        /// Our endpoint does not deliver every required event.
        EndpointEvents = "endpoint_events",
        /// Our API key has no permission to read endpoints.
        KeyRefused = "key_refused",
        /// Nothing was delivered, although something should have been.
        NoDeliveries = "silence",
        /// Our clock and Stripe's differ.
        Clock = "clock",
        /// At least half of the last deliveries had an invalid signature.
        Signatures = "signatures",
        /// The inbox contains dead events: every try to process them failed.
        DeadEvents = "dead_events",
    }
}

impl LabelValue for Reason {
    const ALL: &'static [Self] = Self::ALL;

    fn as_label(self) -> &'static str {
        self.as_str()
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// One counter for each label value.
#[derive(Clone)]
pub struct Counts<W> {
    counters: Arc<[Counter]>,
    labels: PhantomData<W>,
}

impl<W: LabelValue> Counts<W> {
    /// Creates a counter for each label value.
    pub fn each(make: impl Fn(W) -> Counter) -> Self {
        Self { counters: W::ALL.iter().map(|label| make(*label)).collect(), labels: PhantomData }
    }

    /// Creates counters that are never read.
    pub fn unread() -> Self {
        Self::each(|_| Counter::noop())
    }

    /// Adds 1 to the counter of a label value.
    pub fn count(&self, label: W) {
        self.counters[label.index()].increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_indexes<W: LabelValue + PartialEq + std::fmt::Debug>() {
        for (index, label) in W::ALL.iter().enumerate() {
            assert_eq!(label.index(), index, "the index of {label:?} must be its position in ALL");
        }
    }

    #[test]
    fn each_label_value_has_its_own_counter() {
        assert_indexes::<Reason>();
        assert_indexes::<Delivery>();
        assert_indexes::<Processed>();
        assert_indexes::<CallOutcome>();
        assert_indexes::<InboxState>();
        assert_indexes::<TokenCheck>();
        assert_indexes::<LimitedBy>();
        assert_indexes::<CutBody>();
        assert_indexes::<StripeTrouble>();
    }
}
