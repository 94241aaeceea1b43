//! Performs random operations on the practice Stripe.

use std::collections::{BTreeSet, HashSet};

use keepopen::actions::{CheckoutRequest, start_checkout};
use keepopen::money::{Currency, Money};
use keepopen::sites::Interval;
use keepopen_practice::{Loss, PaymentChoice, Settlement};
use uuid::Uuid;

use super::model::{Balance, Checkout, Gift, Invoice, Paid, Payout, Status, Subscription};
use crate::helpers::TestApp;
use crate::reconciling::sell_with_other_software;

/// Settings of another site. KWD has three decimals, and the decimals of ISK are always zero.
pub const HERALD: &str = r#"
[sites.herald]
name = "The Herald"
origins = ["https://herald.example.org"]
currency = "USD"
fallback_url = "https://herald.example.org/give"
giving.USD = { minimum_minor = 100, maximum_minor = 100000, once = [500], month = [500], year = [5000], default_interval = "once", default_amount_minor = 500 }
giving.KWD = { minimum_minor = 1000, maximum_minor = 100000, once = [5000], month = [5000], year = [50000], default_interval = "once", default_amount_minor = 5000 }
giving.ISK = { minimum_minor = 10000, maximum_minor = 10000000, once = [50000], month = [50000], year = [500000], default_interval = "once", default_amount_minor = 50000 }
"#;

/// Where gifts are made: a site, its page, a currency, and the step of its amounts. The journal is listed twice, so
/// that it is chosen more often.
const PLACES: [(&str, &str, &str, i64); 6] = [
    ("journal", "https://journal.example.org/", "eur", 1),
    ("journal", "https://journal.example.org/", "eur", 1),
    ("gazette", "https://gazette.example.org/", "jpy", 1),
    ("herald", "https://herald.example.org/", "usd", 1),
    ("herald", "https://herald.example.org/", "kwd", 10),
    ("herald", "https://herald.example.org/", "isk", 100),
];

/// A world: one random history of gifts at the practice Stripe, and the model of what happened in it.
pub struct World<'a> {
    pub test_app: &'a TestApp,
    pub random: fastrand::Rng,
    pub gifts: Vec<Gift>,
    pub payouts: Vec<Payout>,
    /// When the world began, in seconds since 1970.
    pub began_s: i64,
    /// The maximum number of hours between two steps.
    max_step_hours: i64,
    /// The ids of the balance transactions that are part of a payout.
    paid_out: HashSet<String>,
}

impl<'a> World<'a> {
    /// Starts the world with this seed. The practice Stripe neither delivers nor lists 1% of its events.
    pub fn begin(test_app: &'a TestApp, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        test_app.stripe.lose_events(Some(Loss::Share { percent: 1, seed: random.u64(..) }));
        let settlement = match random.u8(0..3) {
            0 => None,
            1 => Some(Settlement::new("usd", &[("eur", "1.0837"), ("jpy", "0.00667")])),
            _ => Some(Settlement::new("eur", &[("usd", "0.9215"), ("kwd", "3.012"), ("isk", "0.0069")])),
        };
        test_app.stripe.set_settlement(settlement.map(Result::unwrap));
        // With the same number of steps, some worlds last two weeks and others half a year.
        let max_step_hours = [3, 12, 36][random.usize(0..3)];
        let began_s = test_app.app.now_ms().div_euclid(1000);
        let (gifts, payouts, paid_out) = (Vec::new(), Vec::new(), HashSet::new());
        Self { test_app, random, gifts, payouts, began_s, max_step_hours, paid_out }
    }

    pub fn now_s(&self) -> i64 {
        self.test_app.app.now_ms().div_euclid(1000)
    }

    /// Advances the clock by some hours, and performs a random operation.
    pub async fn step(&mut self) {
        self.test_app.app.clock.advance(1000 * self.random.i64(1..self.max_step_hours * 3600));
        match self.random.u8(0..100) {
            0..22 => self.start_gift().await,
            22..32 => self.pay_newest_open_gift(),
            32..38 => self.settle_debit(),
            38..56 => self.renew_subscription(),
            56..66 => self.resolve_unpaid_invoice(),
            66..73 => self.change_subscription(),
            73..91 => self.refund_or_dispute(),
            91..95 => self.change_no_money(),
            95 => self.sell_something_else().await,
            96 => self.pay_out(),
            97 => self.fail_payout(),
            98 => self.test_app.stripe.settle_late(self.random.bool()),
            _ => self.test_app.stripe.post_fees(),
        }
    }

    /// Ends the world: posts all fees, pays out the balance, and lets overdue payment pages expire.
    pub fn end(&mut self) {
        self.test_app.stripe.post_fees();
        self.pay_out();
        self.test_app.app.clock.advance(1000 * self.random.i64(0..2 * 86_400));
        // When a session is read, the practice Stripe expires overdue sessions.
        let _ = self.test_app.stripe.session("");
    }

    /// Returns the index of a random gift.
    pub fn random_gift(&mut self) -> Option<usize> {
        (!self.gifts.is_empty()).then(|| self.random.usize(0..self.gifts.len()))
    }

    /// A reader opens a payment page, and usually pays immediately.
    async fn start_gift(&mut self) {
        let (site, page, currency, step) = PLACES[self.random.usize(0..PLACES.len())];
        let interval = match (site, self.random.u8(0..10)) {
            ("gazette", _) | (_, 0..5) => Interval::Once,
            (_, 5..9) => Interval::Month,
            _ => Interval::Year,
        };
        let money = Money {
            amount_minor: step * self.random.i64(100..=9_999),
            currency: Currency::parse(currency).unwrap(),
        };
        let app = &self.test_app.app;
        let request = CheckoutRequest {
            site,
            attempt: Uuid::from_u128(fastrand::u128(..)),
            money,
            interval,
            cover_fee: false,
            return_url: page,
            attribution: None,
        };
        let session = start_checkout(
            app,
            &app.context(keepopen::app::Actor::Reader),
            app.site(site).unwrap(),
            &request,
        )
        .await
        .unwrap()
        .session;
        let created = self.test_app.stripe.session(&session);
        self.gifts.push(Gift {
            id: created["metadata"]["keepopen_contribution"].as_str().unwrap().to_owned(),
            currency,
            session,
            is_recurring: interval != Interval::Once,
            began_s: self.now_s(),
            checkout: Checkout::Open,
            subscription: None,
            payments: Vec::new(),
            outside: Vec::new(),
        });
        let newest = self.gifts.len() - 1;
        if self.random.u8(0..10) > 0 {
            self.pay_gift(newest);
        }
    }

    /// Other software sells something on the same account.
    async fn sell_something_else(&mut self) {
        let charge = sell_with_other_software(self.test_app).await;
        self.test_app.stripe.refund(&charge, Some(700)).unwrap();
    }

    /// The reader with the newest open payment page returns to it and tries to pay.
    fn pay_newest_open_gift(&mut self) {
        let newest_open = self.gifts.iter().rposition(|it| it.checkout == Checkout::Open);
        if let Some(newest_open) = newest_open {
            self.pay_gift(newest_open);
        }
    }

    /// Pays the gift at this index by card or bank debit, or lets the payment fail or the page expire.
    fn pay_gift(&mut self, at: usize) {
        let how = self.random.u8(0..20);
        let now_s = self.now_s();
        let (stripe, gift) = (&self.test_app.stripe, &mut self.gifts[at]);
        let paid = match how {
            0..14 => stripe.pay(&gift.session, PaymentChoice::Card),
            14..18 => stripe.pay(&gift.session, PaymentChoice::BankDebit),
            18 => stripe.pay(&gift.session, PaymentChoice::Decline),
            _ => {
                if stripe.expire(&gift.session).is_ok() {
                    gift.checkout = Checkout::Expired;
                }
                return;
            }
        };
        // The payment fails if the page has expired in the meantime.
        let Ok(session) = paid else { return };
        if how == 18 {
            return;
        }
        let ids = stripe.payments(&gift.session);
        let total = session["amount_total"].as_i64().unwrap();
        gift.checkout = if how < 14 { Checkout::Done } else { Checkout::Debit };
        gift.subscription = ids.subscription.clone().map(|id| Subscription {
            id,
            status: Status::Active,
            amount_minor: total,
            ends_with_period: false,
            is_paused: false,
            unpaid_invoice: None,
            not_finalized: BTreeSet::new(),
        });
        if how < 14 {
            gift.payments.push(first_payment(gift.is_recurring, &ids, total, now_s));
        }
    }

    /// A bank debit that is processing succeeds or fails.
    fn settle_debit(&mut self) {
        let now_s = self.now_s();
        let succeeds = self.random.u8(0..3) > 0;
        let Some(gift) = self.gifts.iter_mut().find(|it| it.checkout == Checkout::Debit) else { return };
        let stripe = &self.test_app.stripe;
        stripe.settle_bank_debit(&gift.session, succeeds).unwrap();
        let total = stripe.session(&gift.session)["amount_total"].as_i64().unwrap();
        let ids = stripe.payments(&gift.session);
        gift.checkout = if succeeds { Checkout::Done } else { Checkout::DebitFailed };
        if succeeds {
            gift.payments.push(first_payment(gift.is_recurring, &ids, total, now_s));
        }
        if let Some(subscription) = gift.subscription.as_mut().filter(|it| it.status != Status::Over) {
            subscription.status = if succeeds { Status::Active } else { Status::PastDue };
            let id = ids.invoice.unwrap();
            subscription.unpaid_invoice =
                (!succeeds).then_some(Invoice { id, amount_minor: total, is_draft: false });
        }
    }

    /// Stripe pays out its whole balance, or only what is available.
    fn pay_out(&mut self) {
        let pays_all = self.random.bool();
        let now_s = self.now_s();
        let stripe = &self.test_app.stripe;
        let waiting: Vec<_> = stripe
            .objects("balance_transaction")
            .into_iter()
            .filter(|it| !self.paid_out.contains(it["id"].as_str().unwrap()))
            .filter(|it| pays_all || it["available_on"].as_i64().unwrap() <= now_s)
            .collect();
        for id in stripe.pay_out(pays_all) {
            let payout = stripe.object(&id).unwrap();
            let transactions = waiting.iter().filter(|it| it["currency"] == payout["currency"]);
            let sum: i64 = transactions.clone().map(|it| it["net"].as_i64().unwrap()).sum();
            assert_eq!(payout["amount"], sum, "the model must contain the same transactions as the payout");
            let transactions: Vec<String> =
                transactions.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
            self.paid_out.extend(transactions.iter().cloned());
            self.paid_out.insert(payout["balance_transaction"].as_str().unwrap().to_owned());
            self.payouts.push(Payout { id, transactions, is_returned: false });
        }
    }

    /// The bank returns a random payout.
    fn fail_payout(&mut self) {
        if self.payouts.is_empty() {
            return;
        }
        let at = self.random.usize(0..self.payouts.len());
        let payout = &mut self.payouts[at];
        if !payout.is_returned {
            self.test_app.stripe.fail_payout(&payout.id).unwrap();
            payout.is_returned = true;
        }
    }

    /// Calls `use_balance` with Stripe's final balance.
    pub fn with_balance<T>(&self, use_balance: impl FnOnce(&Balance<'_>) -> T) -> T {
        let transactions = self.test_app.stripe.objects("balance_transaction");
        use_balance(&Balance::new(&transactions, &self.payouts))
    }
}

/// Returns the first payment of a gift.
fn first_payment(
    is_recurring: bool,
    ids: &keepopen_practice::Payments,
    amount_minor: i64,
    at_s: i64,
) -> Paid {
    let object = if is_recurring { &ids.invoice } else { &ids.payment_intent };
    Paid {
        object: object.clone().unwrap(),
        charge: ids.charge.clone().unwrap(),
        amount_minor,
        at_s,
        refunds: Vec::new(),
        disputes: Vec::new(),
        review: None,
    }
}
