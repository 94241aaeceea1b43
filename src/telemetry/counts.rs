//! Counters with one label from a fixed list. They are registered once, so that counting is one addition.

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

    /// Its position in [`LabelValue::ALL`].
    fn index(self) -> usize;
}

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $as_label:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)+
        }

        impl LabelValue for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_label(self) -> &'static str {
                match self { $(Self::$variant => $as_label),+ }
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
        /// It was stored.
        Stored = "stored",
        /// It was stored before.
        Duplicate = "duplicate",
        /// It belongs to the other mode: stored, never booked.
        Quarantined = "quarantined",
        /// Its signature is invalid.
        BadSignature = "bad_signature",
        /// It is signed, but not an event.
        NotAnEvent = "not_an_event",
        /// Its body is too large, or ended early.
        Unread = "unread",
        /// No secret is configured to check its signature.
        Unchecked = "unchecked",
        /// The database did not accept it.
        StoreFailed = "store_failed",
    }
}

labels! {
    /// The outcome of processing an event; each try counts.
    Processed {
        /// Facts of one of our gifts.
        Booked = "booked",
        /// Facts of none of our gifts, or not yet.
        NotOurs = "not_ours",
        /// Of a type that is never booked.
        NothingToBook = "nothing_to_book",
        /// The try failed; there will be another.
        Failed = "failed",
        /// The last try failed; it needs manual review.
        Dead = "dead",
    }
}

labels! {
    /// The outcome of a call to Stripe; each try is a call.
    CallOutcome {
        /// Success.
        Ok = "ok",
        /// Stripe has no such object.
        NotFound = "no_such_object",
        /// Stripe rejected the request.
        Refused = "refused",
        /// Stripe failed.
        Failed = "failed",
        /// Too many calls at the same time.
        Busy = "busy",
        /// No readable response.
        Unreachable = "unreachable",
    }
}

labels! {
    /// Which limit a request exceeded.
    LimitedBy {
        /// The client address's.
        Address = "address",
        /// The attempt's.
        Attempt = "attempt",
        /// The site's.
        Site = "site",
    }
}

labels! {
    /// Why a request's body was not read to its end.
    CutBody {
        /// It arrived too slowly.
        Slow = "slow",
        /// Too many others were arriving.
        Crowded = "crowded",
    }
}

labels! {
    /// The outcome of checking a supporter token.
    TokenCheck {
        /// It is cached as valid.
        Remembered = "remembered",
        /// Its signature was checked, and is valid.
        Good = "good",
        /// It is not one of ours.
        Bad = "bad",
        /// Too many tokens had to be checked.
        Unchecked = "unchecked",
        /// Its client's address, or its supporter, exceeded a limit.
        Limited = "limited",
    }
}

labels! {
    /// The state of an event in the inbox.
    InboxState {
        /// Not tried yet.
        Waiting = "waiting",
        /// A try failed; it will be retried.
        Retrying = "retrying",
        /// Of the other mode.
        Quarantined = "quarantined",
        /// Every try failed; it needs manual review.
        Dead = "dead",
    }
}

labels! {
    /// The problems that the connection to Stripe can have.
    StripeTrouble {
        /// Our endpoint no longer exists.
        EndpointMissing = "endpoint_missing",
        /// It is disabled.
        EndpointDisabled = "endpoint_disabled",
        /// It was created with another version of Stripe's API.
        EndpointVersion = "endpoint_version",
        /// It does not deliver every required event.
        EndpointEvents = "endpoint_events",
        /// The key may not read endpoints.
        KeyRefused = "key_refused",
        /// Nothing was delivered, although something should have been.
        NoDeliveries = "silence",
        /// Our clock and Stripe's differ.
        Clock = "clock",
        /// Most deliveries are signed with an unknown secret.
        Signatures = "signatures",
        /// There are dead events.
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
    /// Counters, each created for its value.
    pub fn each(make: impl Fn(W) -> Counter) -> Self {
        Self { counters: W::ALL.iter().map(|as_label| make(*as_label)).collect(), labels: PhantomData }
    }

    /// Counters that are never read.
    pub fn unread() -> Self {
        Self::each(|_| Counter::noop())
    }

    /// Counts one.
    pub fn count(&self, as_label: W) {
        self.counters[as_label.index()].increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_place<W: LabelValue + PartialEq + std::fmt::Debug>() {
        for (index, as_label) in W::ALL.iter().enumerate() {
            assert_eq!(as_label.index(), index, "{as_label:?}");
        }
    }

    #[test]
    fn each_label_value_has_its_own_counter() {
        in_place::<Reason>();
        in_place::<Delivery>();
        in_place::<Processed>();
        in_place::<CallOutcome>();
        in_place::<InboxState>();
        in_place::<TokenCheck>();
        in_place::<LimitedBy>();
        in_place::<CutBody>();
        in_place::<StripeTrouble>();
    }
}
