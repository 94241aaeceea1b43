//! Generates a newsroom's supporters and gifts. A supporter's number always generates the same supporter and gifts.

use std::collections::BTreeMap;

use fastrand::Rng;
use keepopen::contributions::{
    BalanceChange, ChargeFact, Fact, IntervalUnit, InvoiceFact, InvoiceState, Latest, Newest, Origin,
    PayoutFact, PayoutMark, PayoutState, RefundFact, RefundState, SessionFact, SessionMode, SessionState,
    SubscriptionFact, SubscriptionState, Terms, TransactionFact,
};
use keepopen::ids::{ContributionId, SupporterId};
use keepopen::money::{Currency, Money};

/// The start of the two years: 24 November 2024.
pub const BEGIN_S: i64 = 1_732_406_400;
pub const DAY_S: i64 = 86_400;
const DAYS: i64 = 730;
/// The end of the two years.
pub const END_S: i64 = BEGIN_S + DAYS * DAY_S;
/// The time between two payments of a monthly gift.
const MONTH_S: i64 = 30 * DAY_S;

/// The newsroom's sites, each with its currency.
const SITES: [(&str, &str); 2] = [("journal", "EUR"), ("gazette", "GBP")];

/// A supporter of the newsroom.
pub struct Giver {
    pub id: SupporterId,
    pub email: String,
    pub customer: String,
    pub since_s: i64,
}

/// A one-off gift, or a monthly gift with all of its payments.
pub struct Gift {
    pub id: ContributionId,
    /// The number of the supporter who gave it.
    pub giver: u64,
    /// A number that no other gift has. The ids of Stripe's objects contain it.
    key: u64,
    /// The index of the site in `SITES`.
    site: usize,
    monthly: bool,
    amount_minor: i64,
    began_s: i64,
    payments: i64,
}

/// The supporter with this number, and their gifts in the two years. 70 of 100 supporters have one monthly gift, which
/// is paid 17 to 24 times. The others have one to four one-off gifts.
pub fn giver(number: u64) -> (Giver, Vec<Gift>) {
    let mut rng = Rng::with_seed(number);
    let bytes = rng.u128(..).to_be_bytes();
    let site = usize::from(rng.u8(0..4) == 0);
    let monthly = rng.u8(0..100) < 70;
    let count: i64 = if monthly { 1 } else { rng.i64(1..=4) };
    let mut gifts = Vec::new();
    for index in 0..count {
        let payments = if monthly { rng.i64(17..=24) } else { 1 };
        let max_delay_s = DAYS * DAY_S - (payments - 1) * MONTH_S;
        gifts.push(Gift {
            id: ContributionId::from_bytes(rng.u128(..).to_be_bytes()),
            giver: number,
            key: number * 4 + index as u64,
            site,
            monthly,
            amount_minor: 100 * rng.i64(3..=40),
            began_s: BEGIN_S + rng.i64(0..max_delay_s),
            payments,
        });
    }
    let giver = Giver {
        id: SupporterId::from_bytes(bytes),
        email: format!("reader{number}@example.org"),
        customer: format!("cus_{number:014}"),
        since_s: gifts.iter().map(|gift| gift.began_s).min().unwrap_or(BEGIN_S),
    };
    (giver, gifts)
}

/// The payout of a site's payments on the day that contains this time. It arrives two days later. `None` if it would
/// arrive after the end of the two years.
fn payout(site: usize, at_s: i64) -> Option<(String, PayoutMark)> {
    let day = (at_s - BEGIN_S) / DAY_S;
    let arrives_at_s = BEGIN_S + (day + 2) * DAY_S;
    let mark = PayoutMark {
        latest: Latest { state: PayoutState::Paid, reported_at_s: arrives_at_s },
        left: true,
        arrives_at_s: Some(arrives_at_s),
        returned_at_s: None,
    };
    (arrives_at_s < END_S).then(|| (format!("po_1{day:012}{}", SITES[site].0), mark))
}

/// All payouts in the two years.
pub fn payouts() -> impl Iterator<Item = Fact> {
    (0..DAYS).flat_map(|day| (0..SITES.len()).map(move |site| (day, site))).filter_map(|(day, site)| {
        let (id, mark) = payout(site, BEGIN_S + day * DAY_S)?;
        Some(Fact::Payout(PayoutFact {
            id,
            mark,
            amount_minor: None,
            currency: Some(currency(site)),
            created_at_s: Some(BEGIN_S + (day + 1) * DAY_S),
            listed_as: Some(PayoutState::Paid),
        }))
    })
}

fn currency(site: usize) -> Currency {
    Currency::parse(SITES[site].1).unwrap()
}

impl Gift {
    /// The number and the time of each payment, in order.
    pub fn payments(&self) -> impl Iterator<Item = (i64, i64)> {
        (0..self.payments).map(|index| (index, self.paid_at_s(index)))
    }

    fn paid_at_s(&self, index: i64) -> i64 {
        self.began_s + index * MONTH_S
    }

    /// An id like those that Stripe creates. The ids of later objects are greater, so that the database stores objects
    /// of about the same time next to each other.
    fn stripe_id(&self, prefix: &str, at_s: i64) -> String {
        format!("{prefix}_1{:08x}{:011x}live", at_s, self.key)
    }

    fn money(&self) -> Money {
        Money { amount_minor: self.amount_minor, currency: currency(self.site) }
    }

    fn origin(&self) -> Option<Origin> {
        let mut rng = Rng::with_seed(self.key);
        Some(Origin {
            contribution: self.id.clone(),
            site: SITES[self.site].0.to_owned(),
            appeal: Some(["summer", "year-end", "plain"][rng.usize(0..3)].to_owned()),
            variant: Some(["a", "b"][rng.usize(0..2)].to_owned()),
            surface: Some("banner".to_owned()),
        })
    }

    fn session(&self, subscription: Option<String>, payment_intent: Option<String>) -> Fact {
        Fact::Session(SessionFact {
            id: self.stripe_id("cs_live", self.began_s),
            latest: Latest { state: SessionState::Paid, reported_at_s: self.began_s },
            finished: true,
            mode: Some(if self.monthly { SessionMode::Subscription } else { SessionMode::Payment }),
            total: Some(self.money()),
            presented: None,
            created_at_s: Some(self.began_s),
            origin: self.origin(),
            customer: Some(format!("cus_{:014}", self.giver)),
            email: Some(format!("reader{}@example.org", self.giver)),
            payment_intent,
            subscription,
            invoice: None,
            paid_events_s: vec![self.began_s],
            failed: false,
        })
    }

    /// The facts about the gift as a whole. A fact is what the service knows about one of Stripe's objects.
    pub fn shared_facts(&self) -> Vec<Fact> {
        if !self.monthly {
            let intent = self.stripe_id("pi", self.began_s);
            return vec![self.session(None, Some(intent))];
        }
        let id = self.stripe_id("sub", self.began_s);
        let last_s = self.paid_at_s(self.payments - 1);
        let is_active = last_s + MONTH_S >= END_S;
        let state = if is_active { SubscriptionState::Active } else { SubscriptionState::Canceled };
        let terms =
            Terms { interval: IntervalUnit::Month, interval_count: 1, price: self.money(), mixed: false };
        let subscription = Fact::Subscription(SubscriptionFact {
            id: id.clone(),
            latest: Latest { state, reported_at_s: last_s },
            created_at_s: Some(self.began_s),
            origin: self.origin(),
            customer: Some(format!("cus_{:014}", self.giver)),
            terms: Some(Newest { reported_at_s: self.began_s, value: terms }),
            period: None,
            ended_at_s: (!is_active).then_some(last_s + MONTH_S),
            changes: Vec::new(),
            cancelled_on_request: false,
        });
        vec![self.session(Some(id), None), subscription]
    }

    /// The facts about one payment: about its charge, its invoice (if the gift is monthly) and its balance transaction.
    /// One payment in 300 is refunded, and also has facts about the refund and the refund's balance transaction.
    /// Payments in the last six hours of the two years have no balance transaction yet.
    pub fn payment_facts(&self, index: i64) -> Vec<Fact> {
        let at_s = self.paid_at_s(index);
        let (charge, intent) = (self.stripe_id("ch", at_s), self.stripe_id("pi", at_s));
        let refunded_at_s = at_s + DAY_S;
        let is_refunded = (self.key + index as u64).is_multiple_of(300) && refunded_at_s < END_S;
        let mut facts = vec![Fact::Charge(ChargeFact {
            id: charge.clone(),
            origin: self.origin().filter(|_| !self.monthly),
            payment_intent: Some(intent.clone()),
            invoice: None,
            paid: Some(self.money()),
            refunded: is_refunded.then(|| Newest { reported_at_s: refunded_at_s, value: self.money() }),
            created_at_s: Some(at_s),
            method: Some("card".to_owned()),
            succeeded_events_s: Vec::new(),
        })];
        if self.monthly {
            facts.push(Fact::Invoice(InvoiceFact {
                id: self.stripe_id("in", at_s),
                latest: Latest { state: InvoiceState::Paid, reported_at_s: at_s },
                created_at_s: Some(at_s),
                paid_at_s: Some(at_s),
                paid: Some(self.money()),
                outside: None,
                through_stripe: false,
                marked_outside: false,
                collected_at_once: true,
                never_attempted: false,
                origin: self.origin(),
                customer: Some(format!("cus_{:014}", self.giver)),
                email: Some(format!("reader{}@example.org", self.giver)),
                subscription: Some(self.stripe_id("sub", self.began_s)),
                period: None,
                paid_by: vec![intent.clone()],
                paid_events_s: Vec::new(),
                failed_events_s: Vec::new(),
                renews: false,
            }));
        }
        if at_s < END_S - 6 * 3_600 {
            let fee_minor = 25 + self.amount_minor * 15 / 1_000;
            facts.push(self.transaction("txn", &charge, self.amount_minor, fee_minor, at_s));
        }
        if is_refunded {
            let refund = self.stripe_id("re", refunded_at_s);
            facts.push(self.transaction("txn_re", &refund, -self.amount_minor, 0, refunded_at_s));
            facts.push(Fact::Refund(RefundFact {
                id: refund,
                latest: Latest { state: RefundState::Succeeded, reported_at_s: refunded_at_s },
                left: true,
                amount: Some(self.money()),
                created_at_s: Some(refunded_at_s),
                payment_intent: Some(intent),
                charge: Some(charge),
                reversed_events_s: Vec::new(),
            }));
        }
        facts
    }

    fn transaction(&self, prefix: &str, source: &str, amount_minor: i64, fee_minor: i64, at_s: i64) -> Fact {
        Fact::Transaction(TransactionFact {
            id: self.stripe_id(prefix, at_s),
            source: Some(source.to_owned()),
            moved: Some(BalanceChange { amount_minor, fee_minor, currency: currency(self.site) }),
            created_at_s: Some(at_s),
            payouts: payout(self.site, at_s).into_iter().collect::<BTreeMap<_, _>>(),
        })
    }
}
