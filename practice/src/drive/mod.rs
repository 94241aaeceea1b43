//! The Rust handle of the practice Stripe. Tests and the demo use it to start the server, to act like a person on its
//! pages, and to trigger what later happens to a payment.
//!
//! **Owns**: what tests and the demo can do apart from the HTTP API.
//! **Never**: decides the effects of an action; `flows/` does that.
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

/// How a person pays on the hosted page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentChoice {
    /// The payer uses a valid card.
    Card,
    /// The payer uses a card that is declined. The session then stays open.
    Decline,
    /// The payer uses a bank debit, which settles or fails later.
    BankDebit,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The account wins, and the money is returned.
    Won,
    /// The account loses the money.
    Lost,
    /// An inquiry is closed without a dispute.
    WarningClosed,
}

/// What happens to the payment of a subscription's next period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The card is valid, and the invoice is paid.
    Paid,
    /// The card is declined, and the subscription is past due.
    CardFails,
    /// The bank requires an action by the payer. The subscription is past due until `replace_card` is called.
    NeedsAction,
    /// Stripe can't finalize the invoice. It stays a draft until `finalize_invoice` is called.
    NotFinalized,
    /// The invoice is marked as paid outside Stripe, before Stripe tries to collect the payment.
    PaidOutside,
}

/// The ids of the objects that a Checkout Session has created so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payments {
    /// The payment intent, `pi_…`. For a subscription, it is the payment intent of the first invoice.
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
    /// Starts the practice Stripe on its own thread. Rejects live keys and addresses that other machines can reach.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        settings.check()?;
        let bind = settings.bind;
        let listener = TcpListener::bind(bind).map_err(|source| StartError::Bind { bind, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Bind { bind, source })?;
        let url = format!("http://{address}");
        let (outbox, jobs) = mpsc::unbounded_channel();
        let state = SharedState::new(State::new(&settings, url.clone(), outbox.clone()));
        let queue = Queue { jobs, retries: outbox, retry_after: settings.retry_after };
        let running = server::start(listener, state.clone(), queue).await?;
        Ok(Self { url, state, running })
    }

    /// Stops the practice Stripe and waits until its port is closed.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// The address of the practice Stripe without a trailing slash, such as `http://127.0.0.1:4242`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Sets the address to which new events are delivered. With `None`, only endpoints from the API receive events.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.state.open().webhook_url = url;
    }

    /// Sets the secret with which new deliveries to the webhook address are signed.
    pub fn set_webhook_secret(&self, webhook_secret: impl Into<String>) {
        self.state.open().webhook_secret = webhook_secret.into();
    }

    /// Pays an open session, as a button of the hosted page does. Returns the session's new state. A declined card is
    /// not an error; the session then stays open.
    pub fn pay(&self, session_id: &str, how: PaymentChoice) -> Result<Value, Refused> {
        checkout::pay(&mut self.state.open(), session_id, how, None)
    }

    /// Settles the pending bank debit of a session if `ok` is true. Otherwise, makes it fail.
    pub fn settle_bank_debit(&self, session_id: &str, ok: bool) -> Result<(), Refused> {
        checkout::settle_bank_debit(&mut self.state.open(), session_id, ok)
    }

    /// Expires an open session.
    pub fn expire(&self, session_id: &str) -> Result<(), Refused> {
        checkout::expire(&mut self.state.open(), session_id).map(drop)
    }

    /// Moves a subscription forward by one interval (such as a month), and creates its invoice. If `ok` is true, the
    /// invoice is paid. Otherwise, the card is declined and the subscription is past due. Returns the invoice's id. If
    /// a cancellation is scheduled, the subscription ends instead, and `None` is returned.
    pub fn next_period(&self, subscription_id: &str, ok: bool) -> Result<Option<String>, Refused> {
        self.renew(subscription_id, if ok { Renewal::Paid } else { Renewal::CardFails })
    }

    /// Pays the newest invoice of a past-due subscription, as happens when the reader replaces their card. The invoice
    /// must be open.
    pub fn replace_card(&self, subscription_id: &str) -> Result<(), Refused> {
        billing::pay_open_invoice(&mut self.state.open(), subscription_id)
    }

    /// Cancels a subscription now or at the end of its period. A cancellation at the end sets only `cancel_at`,
    /// as Stripe's pages do with flexible billing. The API call with `cancel_at_period_end` sets both fields.
    pub fn cancel(&self, subscription_id: &str, at_period_end: bool) -> Result<(), Refused> {
        let state = &mut self.state.open();
        if at_period_end {
            billing::cancel_later(state, subscription_id, false)
        } else {
            billing::cancel_now(state, subscription_id)
        }
    }

    /// Ends the current period of a subscription. If a cancellation is scheduled, the subscription ends. Otherwise, it
    /// renews with a valid card.
    pub fn end_period(&self, subscription_id: &str) -> Result<(), Refused> {
        self.renew(subscription_id, Renewal::Paid).map(drop)
    }

    /// Refunds an amount of a payment intent or charge, in minor units. With `None`, refunds everything that is not
    /// refunded yet. Returns the refund's id.
    pub fn refund(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        refunds::refund(&mut self.state.open(), payment_id, amount_minor, &refunds::RefundDetails::default())
    }

    /// Makes a refund fail after it succeeded. The money returns to the account's balance.
    pub fn fail_refund(&self, refund_id: &str) -> Result<(), Refused> {
        refunds::fail(&mut self.state.open(), refund_id)
    }

    /// All events so far, including lost ones, oldest first. An event here equals the event that is delivered to the
    /// webhook address.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.state.open().events.clone()
    }

    /// The same events as [`Self::events`] returns, without the first `seen` ones.
    #[must_use]
    pub fn events_after(&self, seen: usize) -> Vec<Value> {
        self.state.open().events.iter().skip(seen).cloned().collect()
    }

    /// The value of the `Stripe-Signature` header for this body, signed with the current secret.
    #[must_use]
    pub fn sign(&self, body: &[u8], timestamp_secs: i64) -> String {
        webhooks::sign(body, &self.state.open().webhook_secret, timestamp_secs)
    }

    /// Makes every API call fail in this way from now on. With `None`, calls succeed again.
    pub fn break_api(&self, trouble: Option<Trouble>) {
        let mut state = self.state.open();
        state.trouble = trouble.map(|trouble| (trouble, None));
        state.calls_before_trouble = 0;
    }

    /// Makes this many of the next API calls fail. Later calls succeed again.
    pub fn break_next_calls(&self, trouble: Trouble, calls: u32) {
        let mut state = self.state.open();
        state.trouble = (calls > 0).then_some((trouble, Some(calls)));
        state.calls_before_trouble = 0;
    }

    /// Lets this many API calls succeed, and then makes one call fail.
    pub fn break_call_after(&self, trouble: Trouble, calls: u32) {
        let mut state = self.state.open();
        state.trouble = Some((trouble, Some(1)));
        state.calls_before_trouble = calls;
    }

    /// All attempts to deliver an event so far, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state.open().deliveries.clone()
    }

    /// Adds an event to the delivery queue again, once for each receiver.
    pub fn deliver_again(&self, event_id: &str) -> Result<(), Refused> {
        webhooks::deliver_again(&mut self.state.open(), event_id)
    }

    /// Waits until every queued event is either accepted or given up.
    pub async fn wait_for_deliveries(&self) {
        let mut undelivered = self.state.open().undelivered.subscribe();
        // This can't fail: the handle keeps the state alive, and the state owns the sender.
        let _ = undelivered.wait_for(|count| *count == 0).await;
    }

    /// The object with this id, in its current state.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.state.open().get(id).cloned()
    }

    /// All objects of a kind such as `subscription` or `checkout.session`, oldest first.
    #[must_use]
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        self.state.open().all(kind).cloned().collect()
    }

    /// The Checkout Session with this id, in its current state. Null if there is no such session.
    #[must_use]
    pub fn session(&self, session_id: &str) -> Value {
        self.state.open().copy_of(session_id)
    }

    /// The ids of the objects that a Checkout Session has created so far.
    #[must_use]
    pub fn payments(&self, session_id: &str) -> Payments {
        let state = self.state.open();
        let session = state.copy_of(session_id);
        let plan = state.plans.get(session_id).cloned().unwrap_or_default();
        let text_of =
            |object: &Value, name: &str| Some(text(object, name).to_owned()).filter(|id| !id.is_empty());
        let charge = plan
            .payment_intent
            .as_deref()
            .and_then(|intent| text_of(&state.copy_of(intent), "latest_charge"));
        Payments {
            charge,
            payment_intent: plan.payment_intent,
            invoice: plan.invoice,
            subscription: text_of(&session, "subscription"),
            customer: text_of(&session, "customer"),
        }
    }
}
