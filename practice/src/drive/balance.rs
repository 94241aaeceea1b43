//! Payouts, and when fees are known.

use crate::flows::{balance, payouts};
use crate::{PracticeStripe, Refused, Settlement};

impl PracticeStripe {
    /// Pays out what no payout has taken yet and is available, or with `all` also what is still pending. One payout
    /// for each currency; their ids, sorted by currency. A currency that owes, or has nothing, has none.
    pub fn pay_out(&self, all: bool) -> Vec<String> {
        payouts::pay_out(&mut self.state.open(), all)
    }

    /// Lets a payout fail, also one that had been paid: its money waits for the next payout.
    pub fn fail_payout(&self, payout_id: &str) -> Result<(), Refused> {
        payouts::fail(&mut self.state.open(), payout_id)
    }

    /// With `true`, what is in a payout made from now on is listed only when `sort_out` is called, as when Stripe takes
    /// its time; with `false` it is listed at once.
    pub fn sort_out_late(&self, late: bool) {
        self.state.open().balance.sorts_late = late;
    }

    /// Lists what is in every payout that still waits for it, and tells of it.
    pub fn sort_out(&self) {
        payouts::sort_out(&mut self.state.open());
    }

    /// Says what the account is paid in from now on, and by which rates; with `None` every currency settles in itself.
    pub fn set_settlement(&self, settlement: Option<Settlement>) {
        self.state.open().balance.settlement = settlement;
    }

    /// With `true`, charges made from now on have no balance transaction until `post_fees` is called, as when Stripe
    /// takes its time; with `false` it follows at once.
    pub fn settle_late(&self, late: bool) {
        self.state.open().balance.late = late;
    }

    /// Books every charge that still waits for its balance transaction, and tells of it by `charge.updated`.
    pub fn post_fees(&self) {
        balance::post_fees(&mut self.state.open());
    }
}
