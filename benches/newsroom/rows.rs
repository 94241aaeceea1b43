//! Generates the rows of the newsroom's tables, with the values that the program would write.

use std::collections::BTreeSet;

use keepopen::contributions::{Contribution, Entry, Fact, Payment, fold};
use tokio::sync::mpsc;

use crate::gifts::{self, BEGIN_S, DAY_S, END_S, Gift, Giver};

/// One value in a row.
pub enum Cell {
    Text(String),
    Number(i64),
    Null,
}

/// The name and the columns of a table.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [&'static str],
}

/// Rows for one table, or the end of a transaction.
pub enum Batch {
    Rows(&'static Table, Vec<Cell>),
    Commit,
}

const SUPPORTERS: Table =
    Table { name: "supporters", columns: &["id", "email", "epoch", "epoch_raised_at_ms", "created_at_ms"] };
const CUSTOMERS: Table = Table { name: "supporter_customers", columns: &["customer", "supporter_id"] };
const CONTRIBUTIONS: Table = Table {
    name: "contributions",
    columns: &[
        "id",
        "site",
        "supporter_id",
        "interval",
        "interval_count",
        "amount_minor",
        "currency",
        "state",
        "appeal",
        "variant",
        "started_at_ms",
        "last_retained_payment_at_ms",
        "paid_until_ms",
        "ended_at_ms",
        "reversed_payments",
        "session",
        "subscription",
        "subscriptions",
        "customer",
        "alarms",
    ],
};
const OBJECTS: Table = Table { name: "stripe_objects", columns: &["id", "fact"] };
const LINKS: Table = Table { name: "stripe_links", columns: &["from_id", "to_id"] };
const ENTRIES: Table = Table {
    name: "ledger_entries",
    columns: &[
        "cause",
        "seq",
        "kind",
        "object",
        "contribution_id",
        "site",
        "currency",
        "debit_account",
        "credit_account",
        "amount_minor",
        "occurred_at_ms",
        "booked_at_ms",
    ],
};
const PAYMENTS: Table = Table {
    name: "payments",
    columns: &[
        "object",
        "contribution_id",
        "site",
        "currency",
        "amount_minor",
        "paid_at_ms",
        "refunded_minor",
        "disputed_minor",
        "unsettled_minor",
        "discrepancy_minor",
        "settled_currency",
        "fee_minor",
        "net_minor",
        "charge",
        "payout",
        "payout_arrives_at_ms",
        "kind",
        "settle_by_ms",
    ],
};
pub const ALL: [&Table; 7] = [&SUPPORTERS, &CUSTOMERS, &CONTRIBUTIONS, &OBJECTS, &LINKS, &ENTRIES, &PAYMENTS];

/// The number of values that are collected for a table before they are sent.
const BATCH_VALUES: usize = 32_000;

/// Collects rows and sends them in batches.
pub struct RowSink {
    batches: mpsc::Sender<Batch>,
    rows: Vec<Vec<Cell>>,
    seq: i64,
}

impl RowSink {
    pub fn new(batches: mpsc::Sender<Batch>) -> Self {
        Self { batches, rows: ALL.iter().map(|_| Vec::new()).collect(), seq: 0 }
    }

    fn add_row(&mut self, table: &'static Table, cells: impl IntoIterator<Item = Cell>) {
        let index = ALL.iter().position(|other| other.name == table.name).unwrap();
        self.rows[index].extend(cells);
        assert!(
            self.rows[index].len().is_multiple_of(table.columns.len()),
            "a row of {} has too few or too many values",
            table.name
        );
        if self.rows[index].len() >= BATCH_VALUES {
            self.send(index);
        }
    }

    fn send(&mut self, index: usize) {
        let cells = std::mem::take(&mut self.rows[index]);
        if !cells.is_empty() {
            self.batches.blocking_send(Batch::Rows(ALL[index], cells)).unwrap();
        }
    }

    fn commit(&mut self) {
        (0..ALL.len()).for_each(|index| self.send(index));
        self.batches.blocking_send(Batch::Commit).unwrap();
    }

    /// Adds facts (what the service knows about Stripe's objects), and the links between objects in both directions.
    fn add_facts(&mut self, facts: &[Fact]) {
        let mut links = BTreeSet::new();
        for fact in facts {
            for link in fact.links() {
                links.insert((fact.id().to_owned(), link.to_owned()));
                links.insert((link.to_owned(), fact.id().to_owned()));
            }
            let text = serde_json::to_string(fact).unwrap();
            self.add_row(&OBJECTS, [Cell::Text(fact.id().to_owned()), Cell::Text(text)]);
        }
        for (from, to) in links {
            self.add_row(&LINKS, [Cell::Text(from), Cell::Text(to)]);
        }
    }
}

/// Generates all rows: first the supporters and gifts, then every payment in order of time.
pub fn generate(sink: &mut RowSink, supporters: u64) {
    let mut all_gifts: Vec<Gift> = Vec::new();
    for number in 0..supporters {
        let (giver, gifts) = gifts::giver(number);
        put_giver(sink, &giver, &gifts);
        all_gifts.extend(gifts);
    }
    sink.commit();
    sink.add_facts(&gifts::payouts().collect::<Vec<_>>());
    let mut from_s = BEGIN_S;
    while from_s < END_S {
        let until_s = from_s + 5 * DAY_S;
        let payments_within = |gift: &'_ Gift, gift_index: usize| {
            gift.payments()
                .filter(|(_, at_s)| (from_s..until_s).contains(at_s))
                .map(move |(index, at_s)| (at_s, gift_index, index))
                .collect::<Vec<_>>()
        };
        let mut due: Vec<(i64, usize, i64)> =
            all_gifts.iter().enumerate().flat_map(|(index, gift)| payments_within(gift, index)).collect();
        due.sort_unstable();
        for (_, gift_index, index) in due {
            put_payment(sink, &all_gifts[gift_index], index);
        }
        sink.commit();
        from_s = until_s;
    }
}

/// Adds a supporter and their contributions. Each contribution is computed (folded) from the facts about its gift.
fn put_giver(sink: &mut RowSink, giver: &Giver, gifts: &[Gift]) {
    let mut folded = Vec::new();
    for gift in gifts {
        let facts = gift
            .shared_facts()
            .into_iter()
            .chain(gift.payments().flat_map(|(index, _)| gift.payment_facts(index)));
        let all = fold(&facts.collect::<Vec<_>>()).unwrap();
        assert!(all.alarms.is_empty(), "{:?}", all.alarms);
        folded.push(Contribution { supporter: Some(giver.id.clone()), ..all.contribution });
    }
    // A supporter's epoch is the number of their reversed payments. A token with a lower epoch is invalid.
    let epoch: i64 = folded.iter().map(|contribution| contribution.reversed_payments).sum();
    let (id, since) = (giver.id.as_str().to_owned(), Cell::Number(giver.since_s * 1000));
    let raised_at = if epoch > 0 { giver.since_s * 1000 } else { 0 };
    let email = Cell::Text(giver.email.clone());
    sink.add_row(
        &SUPPORTERS,
        [Cell::Text(id.clone()), email, Cell::Number(epoch), Cell::Number(raised_at), since],
    );
    sink.add_row(&CUSTOMERS, [Cell::Text(giver.customer.clone()), Cell::Text(id)]);
    folded.iter().for_each(|contribution| put_contribution(sink, contribution));
}

fn put_contribution(sink: &mut RowSink, contribution: &Contribution) {
    let money = contribution.money.unwrap();
    sink.add_row(
        &CONTRIBUTIONS,
        [
            Cell::Text(contribution.id.as_str().to_owned()),
            Cell::Text(contribution.site.clone()),
            text(contribution.supporter.as_ref().map(|id| id.as_str().to_owned())),
            Cell::Text(contribution.frequency.as_str().to_owned()),
            Cell::Number(contribution.frequency.count().into()),
            Cell::Number(money.amount_minor),
            Cell::Text(money.currency.code().to_owned()),
            Cell::Text(contribution.state.as_str().to_owned()),
            text(contribution.appeal.clone()),
            text(contribution.variant.clone()),
            number(contribution.started_at_ms),
            number(contribution.last_retained_payment_at_ms),
            number(contribution.paid_until_ms),
            number(contribution.ended_at_ms),
            Cell::Number(contribution.reversed_payments),
            text(contribution.session.clone()),
            text(contribution.subscription.clone()),
            Cell::Text(contribution.subscriptions.join(" ")),
            text(contribution.customer.clone()),
            Cell::Text("[]".to_owned()),
        ],
    );
}

/// Adds one payment with its facts, links and ledger entries.
fn put_payment(sink: &mut RowSink, gift: &Gift, index: i64) {
    let (shared, own) = (gift.shared_facts(), gift.payment_facts(index));
    let all: Vec<Fact> = shared.iter().chain(&own).cloned().collect();
    let folded = fold(&all).unwrap();
    sink.add_facts(if index == 0 { &all } else { &own });
    folded.entries.iter().for_each(|entry| put_entry(sink, entry));
    folded.payments.iter().for_each(|payment| put_payment_row(sink, payment));
}

fn put_entry(sink: &mut RowSink, entry: &Entry) {
    sink.seq += 1;
    let (debit, credit) = entry.kind.accounts();
    let seq = sink.seq;
    sink.add_row(
        &ENTRIES,
        [
            Cell::Text(entry.cause()),
            Cell::Number(seq),
            Cell::Text(entry.kind.as_str().to_owned()),
            Cell::Text(entry.object.clone()),
            Cell::Text(entry.contribution.as_str().to_owned()),
            Cell::Text(entry.site.clone()),
            Cell::Text(entry.money.currency.code().to_owned()),
            Cell::Text(debit.as_str().to_owned()),
            Cell::Text(credit.as_str().to_owned()),
            Cell::Number(entry.money.amount_minor),
            Cell::Number(entry.occurred_at_ms),
            Cell::Number(entry.occurred_at_ms),
        ],
    );
}

fn put_payment_row(sink: &mut RowSink, payment: &Payment) {
    sink.add_row(
        &PAYMENTS,
        [
            Cell::Text(payment.object.clone()),
            Cell::Text(payment.contribution.as_str().to_owned()),
            Cell::Text(payment.site.clone()),
            Cell::Text(payment.money.currency.code().to_owned()),
            Cell::Number(payment.money.amount_minor),
            Cell::Number(payment.paid_at_ms),
            Cell::Number(payment.refunded_minor),
            Cell::Number(payment.disputed_minor),
            Cell::Number(payment.unsettled_minor),
            Cell::Number(payment.discrepancy_minor),
            text(payment.settled.map(|settled| settled.currency.code().to_owned())),
            number(payment.settled.map(|settled| settled.fee_minor)),
            number(payment.settled.map(|settled| settled.net_minor)),
            text(payment.charge.clone()),
            text(payment.payout.clone()),
            number(payment.payout_arrives_at_ms),
            Cell::Text(payment.kind.as_str().to_owned()),
            number(payment.settle_by_ms),
        ],
    );
}

fn text(value: Option<String>) -> Cell {
    value.map_or(Cell::Null, Cell::Text)
}

fn number(value: Option<i64>) -> Cell {
    value.map_or(Cell::Null, Cell::Number)
}
