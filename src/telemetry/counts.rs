//! Counters by one word of a fixed list: registered once, so that counting is one addition.

use std::marker::PhantomData;
use std::sync::Arc;

use keepopen_decision::Reason;
use metrics::Counter;

/// The words that a label can have.
pub trait LabelValue: Copy + 'static {
    /// Every word, in the order of [`LabelValue::index`].
    const ALL: &'static [Self];

    /// The label's value.
    fn as_label(self) -> &'static str;

    /// Where it stands in [`LabelValue::ALL`].
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
    /// What became of a webhook delivery.
    Delivery {
        /// It is stored.
        Stored = "stored",
        /// It was there already.
        Duplicate = "duplicate",
        /// It is of the other mode: stored, never booked.
        Quarantined = "quarantined",
        /// Its signature does not fit.
        BadSignature = "bad_signature",
        /// It is signed, and no event.
        NotAnEvent = "not_an_event",
        /// Its body is too large, or broke off.
        Unread = "unread",
        /// No secret is configured to check it with.
        Unchecked = "unchecked",
        /// The database did not take it.
        StoreFailed = "store_failed",
    }
}

labels! {
    /// What came of taking an event up; each try counts.
    Processed {
        /// Facts of a gift of ours.
        Booked = "booked",
        /// Facts of no gift of ours, or of none yet.
        NotOurs = "not_ours",
        /// Of a type that nothing is booked from.
        NothingToBook = "nothing_to_book",
        /// The try failed; there will be another.
        Failed = "failed",
        /// The last try failed; a person must look.
        Dead = "dead",
    }
}

labels! {
    /// What came of a call to Stripe; each try is a call.
    CallOutcome {
        /// Done.
        Ok = "ok",
        /// Stripe has no such object.
        NotFound = "no_such_object",
        /// Stripe can't serve the request as it is.
        Refused = "refused",
        /// Stripe failed.
        Failed = "failed",
        /// Too many calls at once.
        Busy = "busy",
        /// No answer that can be read.
        Unreachable = "unreachable",
    }
}

labels! {
    /// By what a call was found to be one too many.
    LimitedBy {
        /// By the client's address.
        Address = "address",
        /// By the attempt.
        Attempt = "attempt",
        /// By the site.
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
    /// What came of looking at a supporter token.
    TokenCheck {
        /// Its signature was found good before.
        Remembered = "remembered",
        /// Its signature was checked, and is good.
        Good = "good",
        /// It is not one of ours.
        Bad = "bad",
        /// Too many were to be checked at once.
        Unchecked = "unchecked",
        /// Its client's address, or its supporter, had too many checked.
        Limited = "limited",
    }
}

labels! {
    /// How far the events of the inbox are.
    InboxState {
        /// Not tried yet.
        Waiting = "waiting",
        /// A try failed; it is tried again.
        Retrying = "retrying",
        /// Of the other mode.
        Quarantined = "quarantined",
        /// Failed at every try; a person must look.
        Dead = "dead",
    }
}

labels! {
    /// What can be wrong with the connection to Stripe.
    StripeTrouble {
        /// The endpoint that we made is not there any more.
        EndpointMissing = "endpoint_missing",
        /// It delivers nothing.
        EndpointDisabled = "endpoint_disabled",
        /// It was made with another version of Stripe's API.
        EndpointVersion = "endpoint_version",
        /// It does not deliver all that we need.
        EndpointEvents = "endpoint_events",
        /// Our key may not look at endpoints.
        KeyRefused = "key_refused",
        /// Nothing comes, although something should have.
        NoDeliveries = "silence",
        /// Our clock and Stripe's differ.
        Clock = "clock",
        /// Most deliveries are signed with a secret that is not ours.
        Signatures = "signatures",
        /// Events were given up.
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

/// One counter for each word.
#[derive(Clone)]
pub struct Counts<W> {
    counters: Arc<[Counter]>,
    labels: PhantomData<W>,
}

impl<W: LabelValue> Counts<W> {
    /// Counters, each made for its word.
    pub fn each(make: impl Fn(W) -> Counter) -> Self {
        Self { counters: W::ALL.iter().map(|as_label| make(*as_label)).collect(), labels: PhantomData }
    }

    /// Counters that nobody reads.
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
