//! The model: the expected ledger. It is computed from the operations on each gift, without reading any event.

use std::collections::{BTreeMap, BTreeSet};

use keepopen::contributions::{Account, Alarm, ContributionState as State};
use serde_json::Value;

/// How long a payment page stays open, in seconds.
const PAGE_OPEN_S: i64 = 86_400;

/// The balance of each account and currency code: debits minus credits.
pub type Accounts = BTreeMap<(Account, String), i64>;

/// One gift, with everything that happened to it.
#[derive(Debug)]
pub struct Gift {
    pub id: String,
    pub currency: &'static str,
    pub session: String,
    pub is_recurring: bool,
    pub began_s: i64,
    pub checkout: Checkout,
    pub subscription: Option<Subscription>,
    pub payments: Vec<Paid>,
    /// The invoices that were paid outside Stripe.
    pub outside: Vec<OutsidePayment>,
}

/// An invoice that was paid outside Stripe.
#[derive(Debug)]
pub struct OutsidePayment {
    pub object: String,
    pub amount_minor: i64,
    pub at_s: i64,
}

/// The state of the payment page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkout {
    /// Not paid. The page expires after a day.
    Open,
    Expired,
    /// A bank debit is processing.
    Debit,
    DebitFailed,
    /// Paid.
    Done,
}

#[derive(Debug)]
pub struct Subscription {
    pub id: String,
    pub status: Status,
    pub amount_minor: i64,
    /// Whether the subscription ends at the end of the current period.
    pub ends_with_period: bool,
    /// Whether collection is paused.
    pub is_paused: bool,
    /// Its newest invoice, if it can still be paid.
    pub unpaid_invoice: Option<Invoice>,
    /// The ids of the invoices that could not be finalized.
    pub not_finalized: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    PastDue,
    Paused,
    Over,
}

#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: String,
    pub amount_minor: i64,
    pub is_draft: bool,
}

/// A payment through Stripe.
#[derive(Debug)]
pub struct Paid {
    /// The id of the payment intent (one-off gift) or of the invoice (recurring gift).
    pub object: String,
    pub charge: String,
    pub amount_minor: i64,
    pub at_s: i64,
    pub refunds: Vec<Reversal>,
    pub disputes: Vec<Reversal>,
    pub review: Option<String>,
}

/// A refund, a dispute or an inquiry.
#[derive(Debug)]
pub struct Reversal {
    pub id: String,
    pub amount_minor: i64,
    pub state: ReversalState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversalState {
    /// The dispute is only an inquiry. No money was withdrawn.
    Inquiry,
    /// The money was withdrawn, and may be returned.
    Withdrawn,
    /// The money is lost.
    Lost,
    /// The money was returned.
    Returned,
}

impl Reversal {
    /// Returns the amount that this reversal currently takes from the payment.
    pub fn withdrawn_minor(&self) -> i64 {
        if matches!(self.state, ReversalState::Withdrawn | ReversalState::Lost) {
            self.amount_minor
        } else {
            0
        }
    }
}

impl Paid {
    pub fn refunded_minor(&self) -> i64 {
        self.refunds.iter().map(Reversal::withdrawn_minor).sum()
    }

    pub fn disputed_minor(&self) -> i64 {
        self.disputes.iter().map(Reversal::withdrawn_minor).sum()
    }

    /// Returns the amount that remains of the payment. It is below 0 if a refund and a lost dispute together exceed the
    /// payment.
    pub fn remaining_minor(&self) -> i64 {
        self.amount_minor - self.refunded_minor() - self.disputed_minor()
    }

    /// Returns the amount that the balance transactions of the object `source` moved, in the gift's currency. `None` if
    /// the object belongs to another payment.
    fn amount_moved_by(&self, source: &str) -> Option<i64> {
        if self.charge == source {
            return Some(self.amount_minor);
        }
        let mut reversals = self.refunds.iter().chain(&self.disputes);
        reversals.find(|it| it.id == source).map(|it| it.amount_minor)
    }
}

impl Gift {
    /// Returns the state that the contribution must have at this time.
    pub fn state(&self, now_s: i64) -> State {
        let through_stripe =
            self.payments.iter().map(|it| (it.at_s, it.remaining_minor(), it.disputed_minor()));
        let outside = self.outside.iter().map(|it| (it.at_s, it.amount_minor, 0));
        let newest = through_stripe.clone().chain(outside).max_by_key(|(at_s, ..)| *at_s);
        let status = self.subscription.as_ref().map(|it| it.status);
        let all_reversed = newest.is_some()
            && self.outside.is_empty()
            && through_stripe.clone().all(|(_, remaining_minor, _)| remaining_minor <= 0);
        // A gift continues after a refund of one payment (a goodwill refund). It does not continue while its newest
        // payment is disputed.
        let disputed = newest
            .is_some_and(|(_, remaining_minor, disputed_minor)| remaining_minor <= 0 && disputed_minor > 0);
        if all_reversed || (disputed && status != Some(Status::Over)) {
            return State::Reversed;
        }
        match (newest.is_some(), status) {
            (true, None) => State::Paid,
            (true, Some(Status::Over)) => State::Ended,
            (true, Some(Status::PastDue)) => State::PastDue,
            (true, Some(Status::Active | Status::Paused)) => State::Active,
            (false, Some(Status::Over)) => State::Failed,
            (false, _) => match self.checkout {
                Checkout::Open if now_s >= self.began_s + PAGE_OPEN_S => State::Expired,
                Checkout::Open => State::Open,
                Checkout::Expired => State::Expired,
                Checkout::DebitFailed => State::Failed,
                Checkout::Debit | Checkout::Done => State::Processing,
            },
        }
    }

    /// Returns the alarms that follow from Stripe's data, except the alarms for fraud warnings and reviews.
    pub fn alarms(&self) -> Vec<Alarm> {
        // Payments of which more was refunded and disputed than was paid.
        let excess = self.payments.iter().filter(|it| it.remaining_minor() < 0).map(|it| {
            let (payment, excess_minor) = (it.object.clone(), -it.remaining_minor());
            let reversals = it.refunds.iter().chain(&it.disputes).filter(|it| it.withdrawn_minor() > 0);
            let mut taken_back_by: Vec<String> = reversals.map(|it| it.id.clone()).collect();
            taken_back_by.sort();
            Alarm::TakenBackAbovePaid { payment, excess_minor, taken_back_by }
        });
        // An ended subscription has no more invoices.
        let running = self.subscription.iter().filter(|it| it.status != Status::Over);
        let stuck = running.flat_map(|it| &it.not_finalized);
        let stuck = stuck.map(|invoice| Alarm::InvoiceStuck { invoice: invoice.clone() });
        let mut alarms: Vec<Alarm> = excess.chain(stuck).collect();
        alarms.sort();
        alarms
    }

    /// Returns the gift's account balances. `balance` is Stripe's balance.
    pub fn accounts(&self, balance: &Balance<'_>) -> Accounts {
        let mut accounts = Accounts::new();
        let mut transfer = |to: Account, from: Account, currency: &str, minor: i64| {
            for (account, minor) in [(to, minor), (from, -minor)] {
                *accounts.entry((account, currency.to_uppercase())).or_default() += minor;
            }
        };
        for paid in &self.outside {
            transfer(Account::Offline, Account::Contributions, self.currency, paid.amount_minor);
        }
        for paid in &self.payments {
            transfer(Account::Clearing, Account::Contributions, self.currency, paid.amount_minor);
            transfer(Account::Refunds, Account::Clearing, self.currency, paid.refunded_minor());
            transfer(Account::Disputes, Account::Clearing, self.currency, paid.disputed_minor());
            for transaction in balance.transactions_of(paid) {
                let currency = transaction["currency"].as_str().unwrap();
                transfer(Account::Fees, Account::Clearing, currency, number(transaction, "fee"));
                if currency != self.currency {
                    let settled_minor = number(transaction, "amount");
                    let source = transaction["source"].as_str().unwrap();
                    let gift_currency_minor = paid.amount_moved_by(source).unwrap() * settled_minor.signum();
                    transfer(Account::Fx, Account::Clearing, self.currency, gift_currency_minor);
                    transfer(Account::Clearing, Account::Fx, currency, settled_minor);
                }
                if balance.payout_of(transaction).is_some() {
                    transfer(Account::Bank, Account::Clearing, currency, number(transaction, "net"));
                }
            }
        }
        accounts.retain(|_, minor| *minor != 0);
        accounts
    }
}

/// A payout that Stripe sent to the bank.
#[derive(Debug)]
pub struct Payout {
    pub id: String,
    /// The ids of the balance transactions in the payout.
    pub transactions: Vec<String>,
    /// Whether the bank returned the payout.
    pub is_returned: bool,
}

/// Stripe's balance after all operations of the simulated history.
pub struct Balance<'a> {
    transactions: &'a [Value],
    /// The balance transactions of each object.
    by_source: BTreeMap<&'a str, Vec<&'a Value>>,
    /// For each balance transaction whose money is at the bank, the payout that sent it.
    paid_out: BTreeMap<String, &'a str>,
}

impl<'a> Balance<'a> {
    pub fn new(transactions: &'a [Value], payouts: &'a [Payout]) -> Self {
        let mut by_source: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for it in transactions {
            by_source.entry(it["source"].as_str().unwrap()).or_default().push(it);
        }
        let mut balance = Self { transactions, by_source, paid_out: BTreeMap::new() };
        for payout in payouts.iter().filter(|it| !it.is_returned) {
            for transaction in balance.transactions_sent(payout, payouts) {
                let before = balance.paid_out.insert(transaction, &payout.id);
                assert_eq!(before, None, "a balance transaction can be paid out only once");
            }
        }
        balance
    }

    /// Returns the ids of the balance transactions that a payout sent to the bank. If the payout contains a returned
    /// payout, the result includes the transactions of the returned payout.
    fn transactions_sent(&self, payout: &Payout, payouts: &[Payout]) -> Vec<String> {
        let mut transactions_sent = Vec::new();
        for id in &payout.transactions {
            let it = self.transactions.iter().find(|it| it["id"] == id.as_str()).unwrap();
            match payouts.iter().find(|other| it["source"] == other.id.as_str()) {
                Some(returned) => transactions_sent.extend(self.transactions_sent(returned, payouts)),
                None => transactions_sent.push(id.clone()),
            }
        }
        transactions_sent
    }

    /// Returns the balance transactions of a payment, its refunds and its disputes.
    pub fn transactions_of(&self, paid: &Paid) -> impl Iterator<Item = &'a Value> {
        let sources = paid.refunds.iter().chain(&paid.disputes).map(|it| it.id.as_str());
        let sources = sources.chain([paid.charge.as_str()]);
        let found: Vec<&Value> = sources.filter_map(|id| self.by_source.get(id)).flatten().copied().collect();
        found.into_iter()
    }

    /// Returns the payout that sent a balance transaction to the bank.
    pub fn payout_of(&self, transaction: &Value) -> Option<&'a str> {
        self.paid_out.get(transaction["id"].as_str().unwrap()).copied()
    }

    /// Returns the payout that sent the payment's charge to the bank.
    pub fn payout_of_charge(&self, paid: &Paid) -> Option<String> {
        let transactions = self.by_source.get(paid.charge.as_str())?;
        transactions.iter().find_map(|it| self.payout_of(it)).map(str::to_owned)
    }
}

/// Returns the whole number in a field of an object.
pub fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("no {field} in {object}"))
}
