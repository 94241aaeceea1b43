//! Payouts, and when fees and the contents of payouts become known.

use crate::flows::{balance, payouts};
use crate::{PracticeStripe, Refused, Settlement};

impl PracticeStripe {
    /// Pays out everything available without a payout, or with `all` also pending entries. Creates one payout per currency,
    /// and returns their ids, sorted by currency. A currency with nothing to pay has none.
    pub fn pay_out(&self, all: bool) -> Vec<String> {
        payouts::pay_out(&mut self.state.open(), all)
    }

    /// Makes a payout fail, even after it was paid. The next payout includes its money.
    pub fn fail_payout(&self, payout_id: &str) -> Result<(), Refused> {
        payouts::fail(&mut self.state.open(), payout_id)
    }

    /// With `true`, the contents of new payouts are listed only when `reconcile_payouts` is called, as when Stripe takes its time;
    /// with `false` at once.
    pub fn reconcile_late(&self, late: bool) {
        self.state.open().balance.reconciles_late = late;
    }

    /// Lists the contents of every payout that still waits for it, and emits the events.
    pub fn reconcile_payouts(&self) {
        payouts::reconcile_payouts(&mut self.state.open());
    }

    /// Sets the settlement currency and its rates; with `None` each currency is settled in itself.
    pub fn set_settlement(&self, settlement: Option<Settlement>) {
        self.state.open().balance.settlement = settlement;
    }

    /// With `true`, new charges have no balance transaction until `post_fees` is called, as when Stripe takes its time;
    /// with `false` it follows at once.
    pub fn settle_late(&self, late: bool) {
        self.state.open().balance.late = late;
    }

    /// Books every charge that still waits for its balance transaction, and emits `charge.updated`.
    pub fn post_fees(&self) {
        balance::post_fees(&mut self.state.open());
    }
}
