//! Creates payouts, and controls when fees and the contents of payouts become known.

use crate::flows::{balance, payouts};
use crate::{PracticeStripe, Refused, Settlement};

impl PracticeStripe {
    /// Pays out every available balance entry that is not in a payout yet. If `all` is true, pending entries are paid
    /// out too. Creates one payout per currency, and returns their ids, sorted by currency. A currency with nothing to
    /// pay gets no payout.
    pub fn pay_out(&self, all: bool) -> Vec<String> {
        payouts::pay_out(&mut self.state.open(), all)
    }

    /// Makes a payout fail, even if it was already paid. The next payout includes its money.
    pub fn fail_payout(&self, payout_id: &str) -> Result<(), Refused> {
        payouts::fail(&mut self.state.open(), payout_id)
    }

    /// With `true`, the contents of new payouts are listed only after `reconcile_payouts` is called, as if Stripe were
    /// slow. With `false`, they are listed at once.
    pub fn reconcile_late(&self, late: bool) {
        self.state.open().balance.reconciles_late = late;
    }

    /// Makes the contents of every unreconciled payout available in lists. Emits `payout.updated` and
    /// `payout.reconciliation_completed` for each.
    pub fn reconcile_payouts(&self) {
        payouts::reconcile_payouts(&mut self.state.open());
    }

    /// Sets the settlement currency and its rates. With `None`, each payment is settled in its own currency.
    pub fn set_settlement(&self, settlement: Option<Settlement>) {
        self.state.open().balance.settlement = settlement;
    }

    /// With `true`, a new charge gets its balance transaction only when `post_fees` is called, as if Stripe were slow.
    /// With `false`, the charge gets it at once.
    pub fn settle_late(&self, late: bool) {
        self.state.open().balance.books_late = late;
    }

    /// Creates the balance transaction of every charge that has none yet, and emits `charge.updated` for each.
    pub fn post_fees(&self) {
        balance::post_fees(&mut self.state.open());
    }
}
