//! The payments export for spreadsheets.

use jiff::Timestamp;

use super::{Frequency, Payment};
use crate::ids::SupporterId;
use crate::money::{Currency, Money};
use crate::{clock, csv};

/// A payment, and details of its gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedPayment {
    /// The payment.
    pub payment: Payment,
    /// The supporter. `None` until an e-mail address is known.
    pub supporter: Option<SupporterId>,
    /// How often the gift is given.
    pub frequency: Frequency,
    /// The currently agreed amount of each payment.
    pub agreed: Option<Money>,
    /// The appeal that led to the gift.
    pub appeal: Option<String>,
    /// The appeal's variant.
    pub variant: Option<String>,
}

/// The line of column names. [`ExportedPayment::line`] has a field for each column.
pub const COLUMNS: &str = "paid_at,site,contribution,payment,supporter,interval,interval_count,amount,currency,presented_amount,\
    presented_currency,refunded,disputed,fee,net,settlement_currency,charge,payout,payout_date,appeal,variant,terms,kind\r\n";

impl ExportedPayment {
    /// The payment as one line of CSV (RFC 4180), including the line break.
    pub fn line(&self) -> String {
        let it = &self.payment;
        let currency = it.money.currency;
        let settled = it.settled.as_ref();
        let fields = [
            clock::rfc3339(it.paid_at_ms),
            csv::text(&it.site),
            it.contribution.as_str().to_owned(),
            csv::text(&it.object),
            self.supporter.as_ref().map_or_else(String::new, |id| id.as_str().to_owned()),
            self.frequency.as_str().to_owned(),
            self.frequency.count().to_string(),
            it.money.decimal(),
            currency.code().to_owned(),
            it.presented.map_or_else(String::new, |money| money.decimal()),
            it.presented.map_or_else(String::new, |money| money.currency.code().to_owned()),
            decimal_amount(it.refunded_minor, currency),
            decimal_amount(it.disputed_minor, currency),
            settled.map_or_else(String::new, |settled| decimal_amount(settled.fee_minor, settled.currency)),
            settled.map_or_else(String::new, |settled| decimal_amount(settled.net_minor, settled.currency)),
            settled.map_or_else(String::new, |settled| settled.currency.code().to_owned()),
            optional(it.charge.as_ref()),
            optional(it.payout.as_ref()),
            it.payout_arrives_at_ms.map_or_else(String::new, date),
            optional(self.appeal.as_ref()),
            optional(self.variant.as_ref()),
            self.agreed.map_or_else(String::new, |money| self.frequency.terms(money)),
            it.kind.as_str().to_owned(),
        ];
        csv::line(&fields)
    }
}

fn decimal_amount(amount_minor: i64, currency: Currency) -> String {
    Money { amount_minor, currency }.decimal()
}

fn date(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms);
    at.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn optional(value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| csv::text(value))
}

#[cfg(test)]
mod tests {
    use super::super::{PaymentKind, Settled};
    use super::*;
    use crate::ids::ContributionId;

    fn exported() -> ExportedPayment {
        let eur = Currency::parse("EUR").unwrap();
        let usd = Currency::parse("USD").unwrap();
        ExportedPayment {
            payment: Payment {
                object: "pi_1".to_owned(),
                kind: PaymentKind::Payment,
                contribution: ContributionId::from_bytes([1; 16]),
                site: "journal".to_owned(),
                money: Money { amount_minor: 1_234, currency: eur },
                presented: Some(Money { amount_minor: 1_350, currency: usd }),
                paid_at_ms: 1_795_000_000_000,
                refunded_minor: 234,
                disputed_minor: 0,
                unsettled_minor: 0,
                discrepancy_minor: 0,
                settle_by_ms: None,
                settled: Some(Settled { currency: eur, fee_minor: 60, net_minor: -5 }),
                charge: Some("ch_1".to_owned()),
                payout: Some("po_1".to_owned()),
                payout_arrives_at_ms: Some(1_795_132_800_000),
            },
            supporter: Some(SupporterId::from_bytes([2; 16])),
            frequency: Frequency::MONTHLY,
            agreed: Some(Money { amount_minor: 1_500, currency: eur }),
            appeal: Some("summer".to_owned()),
            variant: None,
        }
    }

    #[test]
    fn a_payment_is_one_line_with_a_field_for_each_column() {
        assert_eq!(
            exported().line(),
            "2026-11-18T11:06:40Z,journal,con_01040g2081040g2081040g2081,pi_1,sup_02081040g2081040g2081040g2,month,1,\
             12.34,EUR,13.50,USD,2.34,0.00,0.60,-0.05,EUR,ch_1,po_1,2026-11-20,summer,,€15 every month,payment\r\n"
        );
        assert_eq!(exported().line().split(',').count(), COLUMNS.split(',').count());
    }

    #[test]
    fn unknown_fields_are_empty() {
        let mut bare = exported();
        (bare.payment.settled, bare.payment.presented, bare.payment.charge) = (None, None, None);
        (bare.payment.payout, bare.payment.payout_arrives_at_ms, bare.supporter) = (None, None, None);
        bare.agreed = None;
        let line = bare.line();
        assert!(line.ends_with(",month,1,12.34,EUR,,,2.34,0.00,,,,,,,summer,,,payment\r\n"), "{line}");
    }
}
