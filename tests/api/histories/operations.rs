//! Operations of a world: what can happen to a running gift, and to its payments.

use keepopen_practice::{Outcome, PracticeStripe, Renewal};

use super::driver::World;
use super::model::{Back, BackState, Checkout, Gift, Invoice, Outside, Paid, Status, Subscription};

/// Returns the id of the charge that paid an invoice.
fn charge_of(stripe: &PracticeStripe, invoice: &str) -> String {
    let ties = stripe.objects("invoice_payment");
    let tie = ties.iter().rfind(|it| it["invoice"] == invoice).unwrap();
    let intent = stripe.object(tie["payment"]["payment_intent"].as_str().unwrap()).unwrap();
    intent["latest_charge"].as_str().unwrap().to_owned()
}

fn paid(stripe: &PracticeStripe, invoice: Invoice, at_s: i64) -> Paid {
    Paid {
        charge: charge_of(stripe, &invoice.id),
        object: invoice.id,
        amount_minor: invoice.amount_minor,
        at_s,
        refunds: Vec::new(),
        disputes: Vec::new(),
        review: None,
    }
}

impl World<'_> {
    /// Returns the index of a random gift whose subscription is running.
    fn running(&mut self) -> Option<usize> {
        let running: Vec<usize> = (0..self.gifts.len())
            .filter(|at| self.gifts[*at].subscription.as_ref().is_some_and(|it| it.status != Status::Over))
            .filter(|at| self.gifts[*at].checkout != Checkout::Debit)
            .collect();
        self.random.choice(running)
    }

    pub fn a_period_ends(&mut self) {
        let Some(at) = self.running() else { return };
        let now_s = self.now_s();
        let how = match self.random.u8(0..10) {
            0..5 => Renewal::Paid,
            5 => Renewal::PaidOutside,
            6..8 => Renewal::CardFails,
            8 => Renewal::NeedsAction,
            _ => Renewal::NotFinalized,
        };
        let (stripe, gift) = (&self.told.stripe, &mut self.gifts[at]);
        let subscription = gift.subscription.as_mut().unwrap();
        // A paused subscription is not renewed.
        let Ok(invoice) = stripe.renew(&subscription.id, how) else { return };
        let Some(id) = invoice else {
            subscription.status = Status::Over;
            return;
        };
        let invoice = Invoice { id, amount_minor: subscription.amount_minor, draft: false };
        subscription.waiting = None;
        if subscription.rests {
            let status = stripe.object(&invoice.id).unwrap()["status"].clone();
            if status == "draft" {
                subscription.waiting = Some(Invoice { draft: true, ..invoice });
            } else if subscription.status == Status::PastDue {
                subscription.status = Status::Active;
            }
            return;
        }
        match how {
            Renewal::Paid => {
                subscription.status = Status::Active;
                gift.payments.push(paid(stripe, invoice, now_s));
            }
            Renewal::PaidOutside => {
                subscription.status = Status::Active;
                let (object, amount_minor) = (invoice.id, invoice.amount_minor);
                gift.outside.push(Outside { object, amount_minor, at_s: now_s });
            }
            Renewal::CardFails | Renewal::NeedsAction => {
                subscription.status = Status::PastDue;
                subscription.waiting = Some(invoice);
            }
            Renewal::NotFinalized => {
                subscription.stuck.insert(invoice.id.clone());
                subscription.waiting = Some(Invoice { draft: true, ..invoice });
            }
        }
    }

    /// An unpaid invoice is paid, marked as paid outside Stripe, voided, or marked as uncollectible.
    pub fn an_invoice_ends(&mut self) {
        let waits = |it: &Subscription| it.waiting.is_some() && it.status != Status::Over;
        let waiting: Vec<usize> = (0..self.gifts.len())
            .filter(|at| self.gifts[*at].subscription.as_ref().is_some_and(waits))
            .collect();
        let Some(at) = self.random.choice(waiting) else { return };
        let (now_s, how) = (self.now_s(), self.random.u8(0..10));
        let (stripe, gift) = (&self.told.stripe, &mut self.gifts[at]);
        let subscription = gift.subscription.as_mut().unwrap();
        let invoice = subscription.waiting.clone().unwrap();
        let pays = match how {
            _ if invoice.draft && invoice.amount_minor == subscription.amount_minor => {
                stripe.finalize_invoice(&invoice.id).unwrap();
                subscription.stuck.remove(&invoice.id);
                true
            }
            _ if invoice.draft => return,
            0..5 => {
                stripe.replace_card(&subscription.id).unwrap();
                true
            }
            5..7 => {
                stripe.mark_paid_outside(&invoice.id).unwrap();
                let (object, amount_minor) = (invoice.id.clone(), invoice.amount_minor);
                gift.outside.push(Outside { object, amount_minor, at_s: now_s });
                subscription.status = Status::Active;
                false
            }
            7..9 => {
                stripe.void_invoice(&invoice.id).unwrap();
                false
            }
            _ => {
                stripe.mark_uncollectible(&invoice.id).unwrap();
                false
            }
        };
        subscription.waiting = None;
        if pays || subscription.status == Status::PastDue {
            subscription.status = Status::Active;
        }
        if pays {
            gift.payments.push(paid(stripe, invoice, now_s));
        }
    }

    pub fn a_subscription_changes(&mut self) {
        let Some(at) = self.running() else { return };
        let how = self.random.u8(0..12);
        let behavior = ["keep_as_draft", "mark_uncollectible", "void"][self.random.usize(0..3)];
        let more = self.random.i64(1..50);
        let (stripe, gift) = (&self.told.stripe, &mut self.gifts[at]);
        let step = if gift.currency == "isk" { 100 } else { 10 };
        let subscription = gift.subscription.as_mut().unwrap();
        match how {
            0 => {
                stripe.cancel(&subscription.id, false).unwrap();
                subscription.status = Status::Over;
            }
            1 => {
                stripe.cancel(&subscription.id, true).unwrap();
                subscription.ends = true;
            }
            2..4 => {
                stripe.pause_collection(&subscription.id, Some(behavior)).unwrap();
                subscription.rests = true;
            }
            4..7 => {
                stripe.pause_collection(&subscription.id, None).unwrap();
                subscription.rests = false;
            }
            7 => {
                if stripe.pause(&subscription.id).is_ok() {
                    subscription.status = Status::Paused;
                }
            }
            8..10 => {
                if stripe.resume(&subscription.id).is_ok() {
                    subscription.status = Status::Active;
                }
            }
            10 => stripe.announce_renewal(&subscription.id).unwrap(),
            _ => {
                subscription.amount_minor += step * more;
                stripe.apply_update(&subscription.id, subscription.amount_minor).unwrap();
            }
        }
    }

    /// Creates or continues a refund or a dispute of a random payment.
    pub fn money_goes_back(&mut self) {
        let payments: Vec<(usize, usize)> = self
            .gifts
            .iter()
            .enumerate()
            .flat_map(|(at, gift)| (0..gift.payments.len()).map(move |payment| (at, payment)))
            .collect();
        let Some((at, payment)) = self.random.choice(payments) else { return };
        let how = self.random.u8(0..16);
        let stripe = &self.told.stripe;
        let paid = &mut self.gifts[at].payments[payment];
        let part = |random: &mut fastrand::Rng, left_minor: i64| match random.u8(0..2) {
            0 => left_minor,
            _ => random.i64(1..=left_minor.max(1)),
        };
        match how {
            0..4 => {
                let left_minor = paid.amount_minor - paid.refunded_minor();
                let amount_minor = part(&mut self.random, left_minor);
                if let Ok(id) = stripe.refund(&paid.charge, Some(amount_minor)) {
                    refunded(paid, id, amount_minor);
                }
            }
            4 => {
                let left_minor = paid.amount_minor - paid.refunded_minor();
                let amount_minor = part(&mut self.random, left_minor);
                // The practice Stripe keeps the refund even if it can't prevent a dispute any more.
                let before = stripe.objects("refund").len();
                let _ = stripe.prevent_dispute(&paid.charge, Some(amount_minor));
                if let Some(refund) = stripe.objects("refund").get(before) {
                    refunded(paid, refund["id"].as_str().unwrap().to_owned(), amount_minor);
                }
            }
            5..7 => {
                let left = paid.refunds.iter_mut().find(|it| it.state == BackState::Left);
                if let Some(refund) = left {
                    stripe.fail_refund(&refund.id).unwrap();
                    refund.state = BackState::Returned;
                }
            }
            7..11 => {
                let amount_minor = part(&mut self.random, paid.amount_minor - paid.disputed_minor());
                let asks = how == 10;
                let opened = match asks {
                    true => stripe.open_inquiry(&paid.charge, Some(amount_minor)),
                    false => stripe.dispute(&paid.charge, Some(amount_minor)),
                };
                if let Ok(id) = opened {
                    let state = if asks { BackState::Asked } else { BackState::Left };
                    paid.disputes.push(Back { id, amount_minor, state });
                }
            }
            _ => self.a_dispute_goes_on(at, payment, how),
        }
    }

    fn a_dispute_goes_on(&mut self, at: usize, payment: usize, how: u8) {
        let stripe = &self.told.stripe;
        let paid = &mut self.gifts[at].payments[payment];
        let open = |it: &&mut Back| matches!(it.state, BackState::Asked | BackState::Left);
        let Some(dispute) = paid.disputes.iter_mut().find(open) else { return };
        let asked = dispute.state == BackState::Asked;
        match how {
            11 => {
                let _ = stripe.answer_dispute(&dispute.id);
            }
            12 if asked => {
                if stripe.escalate(&dispute.id).is_ok() {
                    dispute.state = BackState::Left;
                }
            }
            _ if asked => {
                let _ = stripe.close_dispute(&dispute.id, Outcome::WarningClosed);
            }
            12..14 => {
                stripe.close_dispute(&dispute.id, Outcome::Won).unwrap();
                dispute.state = BackState::Returned;
            }
            _ => {
                stripe.close_dispute(&dispute.id, Outcome::Lost).unwrap();
                dispute.state = BackState::Gone;
            }
        }
    }

    /// Performs an operation that moves no money: a warning, a review, a change of a customer or card, or a thin event.
    pub fn something_beside(&mut self) {
        let Some(at) = self.some_gift() else { return };
        let how = self.random.u8(0..8);
        let email = format!("reader{}@example.org", self.random.u8(0..20));
        let (stripe, gift) = (&self.told.stripe, &mut self.gifts[at]);
        match how {
            0 => thin(stripe, gift),
            1 => {
                if let Some(paid) = gift.payments.last() {
                    stripe.warn_of_fraud(&paid.charge).unwrap();
                }
            }
            2 => {
                if let Some(paid) = gift.payments.last_mut() {
                    paid.review = stripe.open_review(&paid.charge).ok().or(paid.review.take());
                }
            }
            3 => {
                if let Some(review) = gift.payments.iter().find_map(|it| it.review.as_ref()) {
                    let _ = stripe.close_review(review, "approved");
                }
            }
            4 | 5 => {
                if let Some(customer) = stripe.payments(&gift.session).customer {
                    let _ = stripe.change_email(&customer, &email);
                }
            }
            6 => {
                let customer = stripe.payments(&gift.session).customer;
                if let Some(customer) = customer.filter(|_| gift.checkout != Checkout::Debit)
                    && stripe.delete_customer(&customer).is_ok()
                    && let Some(subscription) = gift.subscription.as_mut()
                {
                    subscription.status = Status::Over;
                }
            }
            _ => {
                if let Some(subscription) = &gift.subscription {
                    let object = stripe.object(&subscription.id).unwrap();
                    if let Some(method) = object["default_payment_method"].as_str() {
                        let _ = stripe.renew_card(method);
                    }
                }
            }
        }
    }
}

fn refunded(paid: &mut Paid, id: String, amount_minor: i64) {
    paid.refunds.push(Back { id, amount_minor, state: BackState::Left });
}

/// Sends a thin event (an event without the object's data) about the newest object of a gift.
fn thin(stripe: &PracticeStripe, gift: &Gift) {
    let (kind, object) = match (gift.payments.last(), &gift.subscription) {
        (Some(paid), _) => ("v1.charge.updated", paid.charge.clone()),
        (None, Some(subscription)) => ("v1.customer.subscription.updated", subscription.id.clone()),
        (None, None) => ("v1.checkout.session.completed", gift.session.clone()),
    };
    stripe.notify_thin(kind, &object).unwrap();
}
