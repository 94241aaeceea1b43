//! Counters by one word of a fixed list: registered once, so that counting is one addition.

use std::marker::PhantomData;
use std::sync::Arc;

use keepopen_decision::Reason;
use metrics::Counter;

/// The words that a label can have.
pub trait Word: Copy + 'static {
    /// Every word, in the order of [`Word::place`].
    const ALL: &'static [Self];

    /// The label's value.
    fn word(self) -> &'static str;

    /// Where it stands in [`Word::ALL`].
    fn place(self) -> usize;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)+
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

words! {
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

words! {
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

words! {
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

words! {
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

words! {
    /// Why a request's body was not read to its end.
    CutBody {
        /// It arrived too slowly.
        Slow = "slow",
        /// Too many others were arriving.
        Crowded = "crowded",
    }
}

words! {
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

words! {
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

words! {
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
        Silence = "silence",
        /// Our clock and Stripe's differ.
        Clock = "clock",
        /// Most deliveries are signed with a secret that is not ours.
        Signatures = "signatures",
        /// Events were given up.
        DeadEvents = "dead_events",
    }
}

impl Word for Reason {
    const ALL: &'static [Self] = Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// One counter for each word.
#[derive(Clone)]
pub struct Counts<W> {
    counters: Arc<[Counter]>,
    words: PhantomData<W>,
}

impl<W: Word> Counts<W> {
    /// Counters, each made for its word.
    pub fn each(make: impl Fn(W) -> Counter) -> Self {
        Self { counters: W::ALL.iter().map(|word| make(*word)).collect(), words: PhantomData }
    }

    /// Counters that nobody reads.
    pub fn unread() -> Self {
        Self::each(|_| Counter::noop())
    }

    /// Counts one.
    pub fn count(&self, word: W) {
        self.counters[word.place()].increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_place<W: Word + PartialEq + std::fmt::Debug>() {
        for (place, word) in W::ALL.iter().enumerate() {
            assert_eq!(word.place(), place, "{word:?}");
        }
    }

    #[test]
    fn every_word_is_counted_in_its_own_place() {
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
