//! Compares the booked money of one gift with Stripe's balance, and books fees, conversions and payouts.
//!
//! A payment, refund or dispute is settled once Stripe's balance has a transaction for it. The settlement currency is
//! the currency of that transaction.

use std::collections::BTreeMap;

use super::alarms::Alarm;
use super::dates::{Dates, is_instant};
use super::gift_facts::GiftFacts;
use super::movements::ReceivedPayment;
use super::{BalanceChange, EntryKind, Fact, PayoutMark, Settled, TransactionFact};
use crate::money::{Currency, Money};

/// The days within which Stripe settles cards and other instant methods.
const INSTANT_DAYS: i64 = 3;
/// The days within which Stripe settles bank debits, transfers and vouchers.
const DELAYED_DAYS: i64 = 14;
/// The days within which Stripe settles a payment with an unknown method.
const UNKNOWN_DAYS: i64 = 7;

/// A booked movement of money that Stripe's balance should confirm.
pub(super) struct Movement<'a> {
    /// The payment, refund or dispute.
    pub object: &'a str,
    /// The payment itself, or the payment that was refunded or disputed.
    pub payment: &'a str,
    /// The amount.
    pub money: Money,
    /// The total booked amount. Negative if money left Stripe's balance.
    pub booked_minor: i64,
    /// When Stripe should have settled the movement, in seconds since 1970.
    pub settle_by_s: Option<i64>,
}

/// A ledger entry that follows from the balance: its kind, object, amount and dates.
pub(super) type SettlementEntry = (EntryKind, String, Money, Dates);

/// What follows from Stripe's balance transactions for one gift.
#[derive(Default)]
pub(super) struct Settlement<'a> {
    pub entries: Vec<SettlementEntry>,
    pub alarms: Vec<Alarm>,
    /// The net change of Stripe's balance by these transactions.
    pub net_minor: BTreeMap<Currency, i64>,
    /// The booked amounts that are not settled yet.
    pub unsettled_minor: BTreeMap<Currency, i64>,
    /// By how much the booked amounts exceed the settled ones.
    pub discrepancy_minor: BTreeMap<Currency, i64>,
    /// The settlement of each payment, by the payment's key.
    pub payments: BTreeMap<&'a str, PaymentSettlement>,
}

/// What follows from Stripe's balance transactions for one payment.
#[derive(Default)]
pub(super) struct PaymentSettlement {
    pub settled: Option<Settled>,
    pub payout: Option<(String, PayoutMark)>,
    pub unsettled_minor: i64,
    pub discrepancy_minor: i64,
    /// When Stripe should have settled the unsettled amount, in seconds since 1970.
    pub settle_by_s: Option<i64>,
}

/// Compares the booked movements with Stripe's balance transactions for the gift.
pub(super) fn settle<'a>(
    gift_facts: &GiftFacts<'a>,
    received: &'a BTreeMap<String, ReceivedPayment>,
    movements: &[Movement<'a>],
) -> Settlement<'a> {
    let mut settlement = Settlement::default();
    let mut settled_minor: BTreeMap<&str, i64> = BTreeMap::new();
    for transaction in gift_facts.transactions() {
        let Some((moved, source)) = transaction.moved.zip(transaction.source.as_deref()) else { continue };
        let own_movement = movements.iter().find(|it| it.object == source);
        let movement_of_payment = || {
            let payment = gift_facts.payment_linked_to([source], received)?;
            movements.iter().find(|it| it.object == payment.object)
        };
        let Some(movement) = own_movement.or_else(movement_of_payment) else { continue };
        let movement_minor = if moved.currency == movement.money.currency {
            moved.amount_minor
        } else {
            let paid =
                if own_movement.is_some() { Some(movement.money) } else { gift_facts.paid_by_charge(source) };
            // Until the charge is known, the converted amount is unknown, so the transaction is skipped.
            let Some(paid) = paid else { continue };
            settlement.book_conversion(transaction, moved, paid);
            paid.amount_minor * moved.amount_minor.signum()
        };
        *settled_minor.entry(movement.object).or_default() += movement_minor;
        settlement.book_fee_and_payouts(transaction, moved);
        let payment = settlement.payments.entry(movement.payment).or_default();
        payment.add(moved);
        if movement.object == movement.payment && moved.amount_minor > 0 {
            payment.set_payout(&transaction.payouts);
        }
    }
    for movement in movements {
        let currency = movement.money.currency;
        // A refund in another currency than its payment is included in the payment's sums.
        let payment = settlement.payments.entry(movement.payment).or_default();
        match settled_minor.get(movement.object) {
            None => {
                payment.unsettled_minor += movement.booked_minor;
                let due_times_s = payment.settle_by_s.into_iter().chain(movement.settle_by_s);
                payment.settle_by_s = due_times_s.min();
                *settlement.unsettled_minor.entry(currency).or_default() += movement.booked_minor;
            }
            Some(settled) if *settled == movement.booked_minor => {}
            Some(settled) => {
                payment.discrepancy_minor += movement.booked_minor - settled;
                *settlement.discrepancy_minor.entry(currency).or_default() += movement.booked_minor - settled;
                settlement.alarms.push(Alarm::BalanceDiffers {
                    object: movement.object.to_owned(),
                    booked_minor: movement.booked_minor,
                    settled_minor: *settled,
                });
            }
        }
    }
    settlement
}

impl Settlement<'_> {
    /// Books the conversion of an amount that was paid in one currency and settled in another.
    fn book_conversion(&mut self, transaction: &TransactionFact, moved: BalanceChange, paid: Money) {
        let settled = Money { amount_minor: moved.amount_minor.saturating_abs(), currency: moved.currency };
        let (out, into) = if moved.amount_minor > 0 { (paid, settled) } else { (settled, paid) };
        if moved.amount_minor != 0 {
            let dates = Dates::new(transaction.created_at_s, None);
            self.add_entry(EntryKind::ExchangeOut, &transaction.id, out, dates.clone());
            self.add_entry(EntryKind::ExchangeIn, &transaction.id, into, dates);
        }
    }

    /// Books Stripe's fee, and payouts to the bank.
    fn book_fee_and_payouts(&mut self, transaction: &TransactionFact, moved: BalanceChange) {
        let currency = moved.currency;
        let money = |minor: i64| Money { amount_minor: minor.saturating_abs(), currency };
        let fee = if moved.fee_minor > 0 { EntryKind::Fee } else { EntryKind::FeeReversal };
        let dates = Dates::new(transaction.created_at_s, None);
        self.add_entry(fee, &transaction.id, money(moved.fee_minor), dates);
        let net_minor = moved.net_minor();
        *self.net_minor.entry(currency).or_default() += net_minor;
        let (to_bank, return_kind) = if net_minor > 0 {
            (EntryKind::Payout, EntryKind::PayoutReversal)
        } else {
            (EntryKind::PayoutReversal, EntryKind::Payout)
        };
        for (payout, mark) in transaction.payouts.iter().filter(|(_, mark)| mark.left) {
            let object = format!("{payout}/{}", transaction.id);
            self.add_entry(to_bank, &object, money(net_minor), Dates::new(mark.arrives_at_s, None));
            if mark.was_returned() {
                let returned = mark.returned_at_s.into_iter().chain(mark.arrives_at_s);
                self.add_entry(return_kind, &object, money(net_minor), Dates::new(returned, None));
            }
        }
    }

    fn add_entry(&mut self, kind: EntryKind, object: &str, money: Money, dates: Dates) {
        if money.amount_minor > 0 {
            self.entries.push((kind, object.to_owned(), money, dates));
        }
    }
}

impl PaymentSettlement {
    /// Adds the net amount and the fee of a balance transaction.
    fn add(&mut self, moved: BalanceChange) {
        let zero = Settled { currency: moved.currency, fee_minor: 0, net_minor: 0 };
        let settled = self.settled.get_or_insert(zero);
        // Stripe settles related transactions in one currency. Amounts in different currencies are never added.
        if settled.currency == moved.currency {
            settled.fee_minor += moved.fee_minor;
            settled.net_minor += moved.net_minor();
        }
    }

    /// Sets the payout: the newest one that was sent and not returned.
    fn set_payout(&mut self, payouts: &BTreeMap<String, PayoutMark>) {
        for (id, mark) in payouts.iter().filter(|(_, mark)| mark.left && !mark.was_returned()) {
            let newer = |(_, known): &(String, PayoutMark)| mark.arrives_at_s > known.arrives_at_s;
            if self.payout.as_ref().is_none_or(newer) {
                self.payout = Some((id.clone(), *mark));
            }
        }
    }
}

impl<'a> GiftFacts<'a> {
    /// The balance transactions, sorted by when Stripe created them. Their order matters, because the first one
    /// determines the settlement currency of a payment.
    fn transactions(&self) -> Vec<&'a TransactionFact> {
        let facts: &'a [Fact] = self.facts;
        let as_transaction = |fact: &'a Fact| match fact {
            Fact::Transaction(it) => Some(it),
            _ => None,
        };
        let mut transactions: Vec<_> = facts.iter().filter_map(as_transaction).collect();
        transactions.sort_by_key(|it| (it.created_at_s, &it.id));
        transactions
    }

    /// When Stripe should have settled a movement of `payment` that happened at `at`, in seconds since 1970. Stripe
    /// settles most methods immediately, and its balance is read every few minutes. A bank debit can take longer.
    pub(super) fn settle_by_s(&self, payment: &ReceivedPayment, at: &Dates) -> Option<i64> {
        let charge = self.charge_of(payment);
        let method = self.facts.iter().find_map(|fact| match fact {
            Fact::Charge(it) if Some(&it.id) == charge.as_ref() => it.method.as_deref(),
            _ => None,
        });
        let days = match method {
            Some(method) if is_instant(method) => INSTANT_DAYS,
            Some(_) => DELAYED_DAYS,
            None => UNKNOWN_DAYS,
        };
        at.best().map(|at_s| at_s.saturating_add(days * 86_400))
    }

    /// The charge that paid `payment`. If there are several, the one with the smallest id.
    pub(super) fn charge_of(&self, payment: &ReceivedPayment) -> Option<String> {
        let linked = self.linked_to([payment.cause.as_str()]);
        let charges = self.facts.iter().filter_map(|fact| match fact {
            Fact::Charge(it) if it.paid.is_some() && linked.contains(it.id.as_str()) => Some(&it.id),
            _ => None,
        });
        charges.min().cloned()
    }

    /// The amount that this charge paid.
    fn paid_by_charge(&self, charge: &str) -> Option<Money> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Charge(it) if it.id == charge => it.paid,
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChargeFact, Latest, PayoutState, SessionFact, SessionMode, SessionState, fold};
    use super::*;
    use crate::contributions::Origin;
    use crate::ids::ContributionId;

    fn money(code: &str, amount_minor: i64) -> Money {
        Money { amount_minor, currency: Currency::parse(code).expect("the code must be in ISO 4217") }
    }

    /// A paid session of 5 euros, and its charge.
    fn gift() -> [Fact; 2] {
        let origin = Origin {
            contribution: ContributionId::from_bytes([1; 16]),
            site: "journal".to_owned(),
            appeal: None,
            variant: None,
            surface: None,
        };
        let session = SessionFact {
            id: "cs_1".to_owned(),
            latest: Latest { state: SessionState::Paid, reported_at_s: 1 },
            finished: true,
            mode: Some(SessionMode::Payment),
            total: Some(money("EUR", 500)),
            presented: None,
            created_at_s: Some(1),
            origin: Some(origin),
            customer: None,
            email: None,
            payment_intent: Some("pi_1".to_owned()),
            subscription: None,
            invoice: None,
            paid_events_s: vec![1],
            failed: false,
        };
        let charge = ChargeFact {
            id: "ch_1".to_owned(),
            origin: None,
            payment_intent: session.payment_intent.clone(),
            invoice: None,
            paid: session.total,
            refunded: None,
            created_at_s: None,
            method: None,
            succeeded_events_s: Vec::new(),
        };
        [Fact::Session(session), Fact::Charge(charge)]
    }

    /// A balance transaction for the charge, in one payout.
    fn transaction(id: &str, created_at_s: i64, money: Money, payout: &str) -> Fact {
        let latest = Latest { state: PayoutState::Paid, reported_at_s: 9 };
        let mark = PayoutMark { latest, left: true, arrives_at_s: Some(9), returned_at_s: None };
        let Money { amount_minor, currency } = money;
        Fact::Transaction(TransactionFact {
            id: id.to_owned(),
            source: Some("ch_1".to_owned()),
            moved: Some(BalanceChange { amount_minor, fee_minor: 1, currency }),
            created_at_s: Some(created_at_s),
            payouts: [(payout.to_owned(), mark)].into(),
        })
    }

    #[test]
    fn the_first_transaction_determines_currency_and_payout_in_any_order_of_arrival() {
        let first = transaction("txn_b", 2, money("USD", 540), "po_2");
        let second = transaction("txn_a", 3, money("EUR", 10), "po_1");
        for transactions in [[first.clone(), second.clone()], [second, first]] {
            let facts: Vec<Fact> = gift().into_iter().chain(transactions).collect();
            let folded = fold(&facts).expect("the facts must have an origin");
            let [payment] = folded.payments.as_slice() else { panic!("{:?}", folded.payments) };
            let currency = Currency::parse("USD").expect("the code must be in ISO 4217");
            assert_eq!(payment.settled, Some(Settled { currency, fee_minor: 1, net_minor: 539 }));
            assert_eq!(payment.payout.as_deref(), Some("po_2"));
        }
    }
}
