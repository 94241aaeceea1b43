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

    fn row(&mut self, table: &'static Table, cells: impl IntoIterator<Item = Cell>) {
        let index = ALL.iter().position(|it| it.name == table.name).unwrap();
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
    fn facts(&mut self, facts: &[Fact]) {
        let mut links = BTreeSet::new();
        for fact in facts {
            for link in fact.links() {
                links.insert((fact.id().to_owned(), link.to_owned()));
                links.insert((link.to_owned(), fact.id().to_owned()));
            }
            let text = serde_json::to_string(fact).unwrap();
            self.row(&OBJECTS, [Cell::Text(fact.id().to_owned()), Cell::Text(text)]);
        }
        for (from, to) in links {
            self.row(&LINKS, [Cell::Text(from), Cell::Text(to)]);
        }
    }
}

/// Generates all rows: first the supporters and gifts, then every payment in order of time.
pub fn generate(sink: &mut RowSink, supporters: u64) {
    let mut all: Vec<Gift> = Vec::new();
    for number in 0..supporters {
        let (giver, gifts) = gifts::giver(number);
        put_giver(sink, &giver, &gifts);
        all.extend(gifts);
    }
    sink.commit();
    sink.facts(&gifts::payouts().collect::<Vec<_>>());
    let mut from_s = BEGIN_S;
    while from_s < END_S {
        let until_s = from_s + 5 * DAY_S;
        let within = |gift: &'_ Gift, at: usize| {
            gift.payments()
                .filter(|(_, at_s)| (from_s..until_s).contains(at_s))
                .map(move |(index, at_s)| (at_s, at, index))
                .collect::<Vec<_>>()
        };
        let mut due: Vec<(i64, usize, i64)> =
            all.iter().enumerate().flat_map(|(at, gift)| within(gift, at)).collect();
        due.sort_unstable();
        for (_, at, index) in due {
            put_payment(sink, &all[at], index);
        }
        sink.commit();
        from_s = until_s;
    }
}

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
    let epoch: i64 = folded.iter().map(|it| it.reversed_payments).sum();
    let (id, since) = (giver.id.as_str().to_owned(), Cell::Number(giver.since_s * 1000));
    let raised_at = if epoch > 0 { giver.since_s * 1000 } else { 0 };
    let email = Cell::Text(giver.email.clone());
    sink.row(
        &SUPPORTERS,
        [Cell::Text(id.clone()), email, Cell::Number(epoch), Cell::Number(raised_at), since],
    );
    sink.row(&CUSTOMERS, [Cell::Text(giver.customer.clone()), Cell::Text(id)]);
    folded.iter().for_each(|it| put_contribution(sink, it));
}

fn put_contribution(sink: &mut RowSink, it: &Contribution) {
    let money = it.money.unwrap();
    sink.row(
        &CONTRIBUTIONS,
        [
            Cell::Text(it.id.as_str().to_owned()),
            Cell::Text(it.site.clone()),
            text(it.supporter.as_ref().map(|id| id.as_str().to_owned())),
            Cell::Text(it.frequency.as_str().to_owned()),
            Cell::Number(it.frequency.count().into()),
            Cell::Number(money.amount_minor),
            Cell::Text(money.currency.code().to_owned()),
            Cell::Text(it.state.as_str().to_owned()),
            text(it.appeal.clone()),
            text(it.variant.clone()),
            number(it.started_at_ms),
            number(it.last_retained_payment_at_ms),
            number(it.paid_until_ms),
            number(it.ended_at_ms),
            Cell::Number(it.reversed_payments),
            text(it.session.clone()),
            text(it.subscription.clone()),
            Cell::Text(it.subscriptions.join(" ")),
            text(it.customer.clone()),
            Cell::Text("[]".to_owned()),
        ],
    );
}

/// Adds one payment with its facts, links and ledger entries.
fn put_payment(sink: &mut RowSink, gift: &Gift, index: i64) {
    let (shared, own) = (gift.shared_facts(), gift.payment_facts(index));
    let all: Vec<Fact> = shared.iter().chain(&own).cloned().collect();
    let folded = fold(&all).unwrap();
    sink.facts(if index == 0 { &all } else { &own });
    folded.entries.iter().for_each(|entry| put_entry(sink, entry));
    folded.payments.iter().for_each(|payment| put_payment_row(sink, payment));
}

fn put_entry(sink: &mut RowSink, it: &Entry) {
    sink.seq += 1;
    let (debit, credit) = it.kind.accounts();
    let seq = sink.seq;
    sink.row(
        &ENTRIES,
        [
            Cell::Text(it.cause()),
            Cell::Number(seq),
            Cell::Text(it.kind.as_str().to_owned()),
            Cell::Text(it.object.clone()),
            Cell::Text(it.contribution.as_str().to_owned()),
            Cell::Text(it.site.clone()),
            Cell::Text(it.money.currency.code().to_owned()),
            Cell::Text(debit.as_str().to_owned()),
            Cell::Text(credit.as_str().to_owned()),
            Cell::Number(it.money.amount_minor),
            Cell::Number(it.occurred_at_ms),
            Cell::Number(it.occurred_at_ms),
        ],
    );
}

fn put_payment_row(sink: &mut RowSink, it: &Payment) {
    sink.row(
        &PAYMENTS,
        [
            Cell::Text(it.object.clone()),
            Cell::Text(it.contribution.as_str().to_owned()),
            Cell::Text(it.site.clone()),
            Cell::Text(it.money.currency.code().to_owned()),
            Cell::Number(it.money.amount_minor),
            Cell::Number(it.paid_at_ms),
            Cell::Number(it.refunded_minor),
            Cell::Number(it.disputed_minor),
            Cell::Number(it.unsettled_minor),
            Cell::Number(it.discrepancy_minor),
            text(it.settled.map(|settled| settled.currency.code().to_owned())),
            number(it.settled.map(|settled| settled.fee_minor)),
            number(it.settled.map(|settled| settled.net_minor)),
            text(it.charge.clone()),
            text(it.payout.clone()),
            number(it.payout_arrives_at_ms),
            Cell::Text(it.kind.as_str().to_owned()),
            number(it.settle_by_ms),
        ],
    );
}

fn text(value: Option<String>) -> Cell {
    value.map_or(Cell::Null, Cell::Text)
}

fn number(value: Option<i64>) -> Cell {
    value.map_or(Cell::Null, Cell::Number)
}
