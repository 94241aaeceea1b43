//! Operations of a world: what can happen to a running gift, and to its payments.

use keepopen_practice::{Outcome, PracticeStripe, Renewal};

use super::driver::World;
use super::model::{
    Checkout, Gift, Invoice, OutsidePayment, Paid, Reversal, ReversalState, Status, Subscription,
};

/// Returns the id of the charge that paid an invoice.
fn charge_of(stripe: &PracticeStripe, invoice: &str) -> String {
    let invoice_payments = stripe.objects("invoice_payment");
    let newest = invoice_payments.iter().rfind(|it| it["invoice"] == invoice).unwrap();
    let intent = stripe.object(newest["payment"]["payment_intent"].as_str().unwrap()).unwrap();
    intent["latest_charge"].as_str().unwrap().to_owned()
}

/// Returns the model's record of the payment through Stripe that paid this invoice.
fn payment_of(stripe: &PracticeStripe, invoice: Invoice, at_s: i64) -> Paid {
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
    fn random_running_gift(&mut self) -> Option<usize> {
        let running: Vec<usize> = (0..self.gifts.len())
            .filter(|at| self.gifts[*at].subscription.as_ref().is_some_and(|it| it.status != Status::Over))
            .filter(|at| self.gifts[*at].checkout != Checkout::Debit)
            .collect();
        self.random.choice(running)
    }

    /// The current period of a random subscription ends. Stripe tries to renew the subscription.
    pub fn renew_subscription(&mut self) {
        let Some(at) = self.random_running_gift() else { return };
        let now_s = self.now_s();
        let how = match self.random.u8(0..10) {
            0..5 => Renewal::Paid,
            5 => Renewal::PaidOutside,
            6..8 => Renewal::CardFails,
            8 => Renewal::NeedsAction,
            _ => Renewal::NotFinalized,
        };
        let (stripe, gift) = (&self.test_app.stripe, &mut self.gifts[at]);
        let subscription = gift.subscription.as_mut().unwrap();
        // A paused subscription is not renewed.
        let Ok(invoice) = stripe.renew(&subscription.id, how) else { return };
        let Some(id) = invoice else {
            subscription.status = Status::Over;
            return;
        };
        let invoice = Invoice { id, amount_minor: subscription.amount_minor, is_draft: false };
        subscription.unpaid_invoice = None;
        if subscription.is_paused {
            let status = stripe.object(&invoice.id).unwrap()["status"].clone();
            if status == "draft" {
                subscription.unpaid_invoice = Some(Invoice { is_draft: true, ..invoice });
            } else if subscription.status == Status::PastDue {
                subscription.status = Status::Active;
            }
            return;
        }
        match how {
            Renewal::Paid => {
                subscription.status = Status::Active;
                gift.payments.push(payment_of(stripe, invoice, now_s));
            }
            Renewal::PaidOutside => {
                subscription.status = Status::Active;
                let (object, amount_minor) = (invoice.id, invoice.amount_minor);
                gift.outside.push(OutsidePayment { object, amount_minor, at_s: now_s });
            }
            Renewal::CardFails | Renewal::NeedsAction => {
                subscription.status = Status::PastDue;
                subscription.unpaid_invoice = Some(invoice);
            }
            Renewal::NotFinalized => {
                subscription.not_finalized.insert(invoice.id.clone());
                subscription.unpaid_invoice = Some(Invoice { is_draft: true, ..invoice });
            }
        }
    }

    /// An unpaid invoice is paid, marked as paid outside Stripe, voided, or marked as uncollectible.
    pub fn resolve_unpaid_invoice(&mut self) {
        let has_unpaid_invoice = |it: &Subscription| it.unpaid_invoice.is_some() && it.status != Status::Over;
        let waiting: Vec<usize> = (0..self.gifts.len())
            .filter(|at| self.gifts[*at].subscription.as_ref().is_some_and(has_unpaid_invoice))
            .collect();
        let Some(at) = self.random.choice(waiting) else { return };
        let (now_s, how) = (self.now_s(), self.random.u8(0..10));
        let (stripe, gift) = (&self.test_app.stripe, &mut self.gifts[at]);
        let subscription = gift.subscription.as_mut().unwrap();
        let invoice = subscription.unpaid_invoice.clone().unwrap();
        let is_paid = match how {
            _ if invoice.is_draft && invoice.amount_minor == subscription.amount_minor => {
                stripe.finalize_invoice(&invoice.id).unwrap();
                subscription.not_finalized.remove(&invoice.id);
                true
            }
            _ if invoice.is_draft => return,
            0..5 => {
                stripe.replace_card(&subscription.id).unwrap();
                true
            }
            5..7 => {
                stripe.mark_paid_outside(&invoice.id).unwrap();
                let (object, amount_minor) = (invoice.id.clone(), invoice.amount_minor);
                gift.outside.push(OutsidePayment { object, amount_minor, at_s: now_s });
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
        subscription.unpaid_invoice = None;
        if is_paid || subscription.status == Status::PastDue {
            subscription.status = Status::Active;
        }
        if is_paid {
            gift.payments.push(payment_of(stripe, invoice, now_s));
        }
    }

    /// Cancels, pauses, resumes or updates a random subscription.
    pub fn change_subscription(&mut self) {
        let Some(at) = self.random_running_gift() else { return };
        let how = self.random.u8(0..12);
        let behavior = ["keep_as_draft", "mark_uncollectible", "void"][self.random.usize(0..3)];
        let steps = self.random.i64(1..50);
        let (stripe, gift) = (&self.test_app.stripe, &mut self.gifts[at]);
        let step = if gift.currency == "isk" { 100 } else { 10 };
        let subscription = gift.subscription.as_mut().unwrap();
        match how {
            0 => {
                stripe.cancel(&subscription.id, false).unwrap();
                subscription.status = Status::Over;
            }
            1 => {
                stripe.cancel(&subscription.id, true).unwrap();
                subscription.ends_with_period = true;
            }
            2..4 => {
                stripe.pause_collection(&subscription.id, Some(behavior)).unwrap();
                subscription.is_paused = true;
            }
            4..7 => {
                stripe.pause_collection(&subscription.id, None).unwrap();
                subscription.is_paused = false;
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
                subscription.amount_minor += step * steps;
                stripe.apply_update(&subscription.id, subscription.amount_minor).unwrap();
            }
        }
    }

    /// Creates or continues a refund or a dispute of a random payment.
    pub fn refund_or_dispute(&mut self) {
        let payments: Vec<(usize, usize)> = self
            .gifts
            .iter()
            .enumerate()
            .flat_map(|(at, gift)| (0..gift.payments.len()).map(move |payment| (at, payment)))
            .collect();
        let Some((at, payment)) = self.random.choice(payments) else { return };
        let how = self.random.u8(0..16);
        let stripe = &self.test_app.stripe;
        let paid = &mut self.gifts[at].payments[payment];
        // Returns all or a random part of an amount.
        let some_of = |random: &mut fastrand::Rng, remaining_minor: i64| match random.u8(0..2) {
            0 => remaining_minor,
            _ => random.i64(1..=remaining_minor.max(1)),
        };
        match how {
            0..4 => {
                let remaining_minor = paid.amount_minor - paid.refunded_minor();
                let amount_minor = some_of(&mut self.random, remaining_minor);
                if let Ok(id) = stripe.refund(&paid.charge, Some(amount_minor)) {
                    add_refund(paid, id, amount_minor);
                }
            }
            4 => {
                let remaining_minor = paid.amount_minor - paid.refunded_minor();
                let amount_minor = some_of(&mut self.random, remaining_minor);
                // The practice Stripe keeps the refund even if it can't prevent a dispute any more.
                let before = stripe.objects("refund").len();
                let _ = stripe.prevent_dispute(&paid.charge, Some(amount_minor));
                if let Some(refund) = stripe.objects("refund").get(before) {
                    add_refund(paid, refund["id"].as_str().unwrap().to_owned(), amount_minor);
                }
            }
            5..7 => {
                let withdrawn = paid.refunds.iter_mut().find(|it| it.state == ReversalState::Withdrawn);
                if let Some(refund) = withdrawn {
                    stripe.fail_refund(&refund.id).unwrap();
                    refund.state = ReversalState::Returned;
                }
            }
            7..11 => {
                let amount_minor = some_of(&mut self.random, paid.amount_minor - paid.disputed_minor());
                let is_inquiry = how == 10;
                let opened = match is_inquiry {
                    true => stripe.open_inquiry(&paid.charge, Some(amount_minor)),
                    false => stripe.dispute(&paid.charge, Some(amount_minor)),
                };
                if let Ok(id) = opened {
                    let state = if is_inquiry { ReversalState::Inquiry } else { ReversalState::Withdrawn };
                    paid.disputes.push(Reversal { id, amount_minor, state });
                }
            }
            _ => self.continue_dispute(at, payment, how),
        }
    }

    /// Answers, escalates or closes an open dispute of this payment.
    fn continue_dispute(&mut self, at: usize, payment: usize, how: u8) {
        let stripe = &self.test_app.stripe;
        let paid = &mut self.gifts[at].payments[payment];
        let is_open =
            |it: &&mut Reversal| matches!(it.state, ReversalState::Inquiry | ReversalState::Withdrawn);
        let Some(dispute) = paid.disputes.iter_mut().find(is_open) else { return };
        let is_inquiry = dispute.state == ReversalState::Inquiry;
        match how {
            11 => {
                let _ = stripe.answer_dispute(&dispute.id);
            }
            12 if is_inquiry => {
                if stripe.escalate(&dispute.id).is_ok() {
                    dispute.state = ReversalState::Withdrawn;
                }
            }
            _ if is_inquiry => {
                let _ = stripe.close_dispute(&dispute.id, Outcome::WarningClosed);
            }
            12..14 => {
                stripe.close_dispute(&dispute.id, Outcome::Won).unwrap();
                dispute.state = ReversalState::Returned;
            }
            _ => {
                stripe.close_dispute(&dispute.id, Outcome::Lost).unwrap();
                dispute.state = ReversalState::Lost;
            }
        }
    }

    /// Performs an operation that moves no money: a warning, a review, a change of a customer or card, or a thin event.
    pub fn change_no_money(&mut self) {
        let Some(at) = self.random_gift() else { return };
        let how = self.random.u8(0..8);
        let email = format!("reader{}@example.org", self.random.u8(0..20));
        let (stripe, gift) = (&self.test_app.stripe, &mut self.gifts[at]);
        match how {
            0 => send_thin_event(stripe, gift),
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

/// Adds a refund to the model's payment.
fn add_refund(paid: &mut Paid, id: String, amount_minor: i64) {
    paid.refunds.push(Reversal { id, amount_minor, state: ReversalState::Withdrawn });
}

/// Sends a thin event (an event without the object's data) about the newest object of a gift.
fn send_thin_event(stripe: &PracticeStripe, gift: &Gift) {
    let (kind, object) = match (gift.payments.last(), &gift.subscription) {
        (Some(paid), _) => ("v1.charge.updated", paid.charge.clone()),
        (None, Some(subscription)) => ("v1.customer.subscription.updated", subscription.id.clone()),
        (None, None) => ("v1.checkout.session.completed", gift.session.clone()),
    };
    stripe.notify_thin(kind, &object).unwrap();
}
