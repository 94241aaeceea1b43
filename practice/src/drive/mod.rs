//! The Rust handle: starts the stand-in, and does what people do on its pages and what befalls their money.
//!
//! **Owns**: what tests and the demo may do beside the HTTP API.
//! **Never**: decides what a deed leads to; that is `flows/`.
//! **Start at**: `PracticeStripe` below; `balance.rs` for payouts and fees, `losses.rs` for events that don't arrive.
//! **Tested in**: `practice/tests/practice/`.

mod balance;
mod claims;
mod customers;
mod losses;
mod subscriptions;
mod thin;

use std::net::TcpListener;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::flows::{billing, checkout, refunds};
use crate::server::{self, Queue, Running};
use crate::state::{SharedState, State, Trouble, text};
use crate::{Delivery, Refused, Settings, StartError, webhooks};

/// How somebody pays on the hosted page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By a card that is good.
    Card,
    /// By a card that is declined; the session stays open.
    Decline,
    /// By a bank debit, which settles or fails later.
    BankDebit,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The money comes back.
    Won,
    /// The money is gone.
    Lost,
    /// An inquiry that led to no dispute.
    WarningClosed,
}

/// How a subscription's next period goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The card is good.
    Paid,
    /// The card is declined: the subscription is past due.
    CardFails,
    /// The bank wants to hear from the payer first: past due until `replace_card`.
    NeedsAction,
    /// Stripe can't make the invoice final: it stays a draft until `finalize_invoice`.
    NotFinalized,
    /// Before Stripe tries to collect, somebody marks the invoice as paid outside Stripe.
    PaidOutside,
}

/// The ids that a Checkout Session has led to so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payments {
    /// The payment intent, `pi_…`, also that of a subscription's first invoice.
    pub payment_intent: Option<String>,
    /// The newest charge of that payment intent, `ch_…`.
    pub charge: Option<String>,
    /// The first invoice, `in_…`.
    pub invoice: Option<String>,
    /// The subscription, `sub_…`.
    pub subscription: Option<String>,
    /// The customer, `cus_…`.
    pub customer: Option<String>,
}

/// A running practice Stripe. It stops when it is dropped.
pub struct PracticeStripe {
    url: String,
    pub(crate) state: SharedState,
    running: Running,
}

impl PracticeStripe {
    /// Starts it on a thread of its own. Refuses live keys and addresses beyond this machine.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        settings.check()?;
        let bind = settings.bind;
        let listener = TcpListener::bind(bind).map_err(|source| StartError::Bind { bind, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Bind { bind, source })?;
        let url = format!("http://{address}");
        let (outbox, jobs) = mpsc::unbounded_channel();
        let state = SharedState::new(State::new(&settings, url.clone(), outbox.clone()));
        let queue = Queue { jobs, again: outbox, retry_after: settings.retry_after };
        let running = server::start(listener, state.clone(), queue).await?;
        Ok(Self { url, state, running })
    }

    /// Ends it and waits until its port is closed.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Its address, such as `http://127.0.0.1:4242`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Says where events made from now on are delivered; with `None` nothing is delivered by itself.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.state.open().webhook_url = url;
    }

    /// Changes the secret that deliveries made from now on are signed with.
    pub fn set_webhook_secret(&self, webhook_secret: impl Into<String>) {
        self.state.open().webhook_secret = webhook_secret.into();
    }

    /// Pays an open session, as a button of the hosted page does, and gives the session back as it then is.
    /// A declined card is not an error: the session comes back still open.
    pub fn pay(&self, session_id: &str, how: How) -> Result<Value, Refused> {
        checkout::pay(&mut self.state.open(), session_id, how, None)
    }

    /// Settles the bank debit of a session, or lets it fail.
    pub fn settle_bank_debit(&self, session_id: &str, ok: bool) -> Result<(), Refused> {
        checkout::settle_bank_debit(&mut self.state.open(), session_id, ok)
    }

    /// Lets an open session expire.
    pub fn expire(&self, session_id: &str) -> Result<(), Refused> {
        checkout::expire(&mut self.state.open(), session_id).map(drop)
    }

    /// Moves a subscription one of its intervals on (a month, or a year where it is yearly): a new invoice that is
    /// paid, or whose card fails and leaves it past due. Gives back the invoice's id. Where a cancel is due, the
    /// subscription ends instead and there is no invoice.
    pub fn next_month(&self, subscription_id: &str, ok: bool) -> Result<Option<String>, Refused> {
        self.renew(subscription_id, if ok { Renewal::Paid } else { Renewal::CardFails })
    }

    /// Pays the newest open invoice of a past-due subscription, as when a reader mends their card.
    pub fn replace_card(&self, subscription_id: &str) -> Result<(), Refused> {
        billing::pay_open_invoice(&mut self.state.open(), subscription_id)
    }

    /// Cancels a subscription, now or when its period ends. The latter sets `cancel_at` alone, as Stripe's pages do
    /// with flexible billing; the API's `cancel_at_period_end` sets both.
    pub fn cancel(&self, subscription_id: &str, at_period_end: bool) -> Result<(), Refused> {
        let state = &mut self.state.open();
        if at_period_end {
            billing::cancel_later(state, subscription_id, false)
        } else {
            billing::cancel_now(state, subscription_id)
        }
    }

    /// Lets a subscription's period end: a scheduled cancel happens, else it renews and the card is good.
    pub fn end_period(&self, subscription_id: &str) -> Result<(), Refused> {
        self.renew(subscription_id, Renewal::Paid).map(drop)
    }

    /// Refunds a payment intent or charge, all that is left of it or an amount in minor units; the refund's id.
    pub fn refund(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        refunds::refund(&mut self.state.open(), payment_id, amount_minor, &refunds::Wish::default())
    }

    /// Lets a refund that had succeeded fail after all: the money is back with the account.
    pub fn fail_refund(&self, refund_id: &str) -> Result<(), Refused> {
        refunds::fail(&mut self.state.open(), refund_id)
    }

    /// Every event made so far, also those that got lost, oldest first, exactly as it is delivered.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.state.open().events.clone()
    }

    /// The events made after the first so many, as `events` gives them.
    #[must_use]
    pub fn events_after(&self, seen: usize) -> Vec<Value> {
        self.state.open().events.iter().skip(seen).cloned().collect()
    }

    /// A `Stripe-Signature` header value for these bytes with the current secret.
    #[must_use]
    pub fn sign(&self, body: &[u8], timestamp_secs: i64) -> String {
        webhooks::sign(body, &self.state.open().webhook_secret, timestamp_secs)
    }

    /// Breaks every API call from now on, until `None` mends it.
    pub fn break_api(&self, trouble: Option<Trouble>) {
        let mut state = self.state.open();
        state.trouble = trouble.map(|trouble| (trouble, None));
        state.calls_before_trouble = 0;
    }

    /// Breaks only the next so many API calls.
    pub fn break_next_calls(&self, trouble: Trouble, calls: u32) {
        let mut state = self.state.open();
        state.trouble = (calls > 0).then_some((trouble, Some(calls)));
        state.calls_before_trouble = 0;
    }

    /// Breaks one call, after so many others.
    pub fn break_call_after(&self, trouble: Trouble, calls: u32) {
        let mut state = self.state.open();
        state.trouble = Some((trouble, Some(1)));
        state.calls_before_trouble = calls;
    }

    /// Every delivery tried so far, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state.open().deliveries.clone()
    }

    /// Puts an event into the delivery queue once more.
    pub fn deliver_again(&self, event_id: &str) -> Result<(), Refused> {
        webhooks::deliver_again(&mut self.state.open(), event_id)
    }

    /// Waits until every event in the queue has been taken or given up.
    pub async fn deliveries_settled(&self) {
        let mut undelivered = self.state.open().undelivered.subscribe();
        // The sender lives as long as the books that this handle holds.
        let _ = undelivered.wait_for(|count| *count == 0).await;
    }

    /// Any object by its id, as it is now.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.state.open().get(id).cloned()
    }

    /// All objects of a kind such as `subscription` or `checkout.session`, oldest first.
    #[must_use]
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        self.state.open().all(kind).cloned().collect()
    }

    /// A Checkout Session as it is now, or null where there is none of that id.
    #[must_use]
    pub fn session(&self, session_id: &str) -> Value {
        self.state.open().see(session_id)
    }

    /// The ids that a Checkout Session has led to so far.
    #[must_use]
    pub fn payments(&self, session_id: &str) -> Payments {
        let state = self.state.open();
        let session = state.see(session_id);
        let plan = state.plans.get(session_id).cloned().unwrap_or_default();
        let text_of =
            |object: &Value, name: &str| Some(text(object, name).to_owned()).filter(|id| !id.is_empty());
        let charge =
            plan.payment_intent.as_deref().and_then(|intent| text_of(&state.see(intent), "latest_charge"));
        Payments {
            charge,
            payment_intent: plan.payment_intent,
            invoice: plan.invoice,
            subscription: text_of(&session, "subscription"),
            customer: text_of(&session, "customer"),
        }
    }
}
