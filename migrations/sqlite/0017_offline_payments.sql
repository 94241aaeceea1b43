-- Money that was paid outside Stripe has entries and an account of its own, and is never in `clearing`. Payments say how
-- they came, and until when Stripe should have settled them.

CREATE TABLE ledger_entries_new (
    cause TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'payment_reversal', 'offline_payment', 'offline_payment_reversal', 'refund', 'refund_reversal',
        'dispute', 'dispute_reversal', 'fee', 'fee_reversal', 'exchange_out', 'exchange_in', 'payout', 'payout_reversal')),
    object TEXT NOT NULL,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    site TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_account TEXT NOT NULL CHECK (debit_account IN ('clearing', 'offline', 'contributions', 'fees', 'refunds', 'disputes',
        'exchange', 'bank')),
    credit_account TEXT NOT NULL CHECK (credit_account IN ('clearing', 'offline', 'contributions', 'fees', 'refunds', 'disputes',
        'exchange', 'bank') AND credit_account <> debit_account),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    occurred_at_ms INTEGER NOT NULL,
    booked_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_entries_new (cause, seq, kind, object, contribution_id, site, currency, debit_account,
    credit_account, amount_minor, occurred_at_ms, booked_at_ms)
SELECT cause, seq, kind, object, contribution_id, site, currency, debit_account, credit_account, amount_minor,
    occurred_at_ms, booked_at_ms FROM ledger_entries;
DROP TABLE ledger_entries;
ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
CREATE INDEX ledger_entries_contribution ON ledger_entries (contribution_id);
CREATE INDEX ledger_entries_accounts ON ledger_entries (site, currency, debit_account, credit_account, amount_minor);
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_first_stays BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE cause = NEW.cause)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER ledger_entries_never_change BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

ALTER TABLE payments ADD COLUMN kind TEXT NOT NULL DEFAULT 'payment'
    CHECK (kind IN ('payment', 'offline_payment', 'unconfirmed'));
ALTER TABLE payments ADD COLUMN settle_by_ms INTEGER;
CREATE INDEX payments_unsettled_in_time ON payments (settle_by_ms) WHERE settle_by_ms IS NOT NULL;
