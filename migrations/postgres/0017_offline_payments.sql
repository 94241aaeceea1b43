-- Money that was paid outside Stripe has entries and an account of its own, and is never in `clearing`. Payments say how
-- they came, and until when Stripe should have settled them.

-- The names of the constraints are those that PostgreSQL gave them.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT conname FROM pg_constraint
        WHERE conrelid = 'ledger_entries'::regclass AND contype = 'c'
            AND (pg_get_constraintdef(oid) LIKE '%kind%' OR pg_get_constraintdef(oid) LIKE '%\_account%')
    LOOP
        EXECUTE format('ALTER TABLE ledger_entries DROP CONSTRAINT %I', name);
    END LOOP;
END $$;
ALTER TABLE ledger_entries
    ADD CONSTRAINT ledger_entries_kinds CHECK (kind IN ('payment', 'payment_reversal', 'offline_payment', 'offline_payment_reversal', 'refund', 'refund_reversal',
        'dispute', 'dispute_reversal', 'fee', 'fee_reversal', 'exchange_out', 'exchange_in', 'payout', 'payout_reversal')),
    ADD CONSTRAINT ledger_entries_debits CHECK (debit_account IN ('clearing', 'offline', 'contributions', 'fees', 'refunds', 'disputes',
        'exchange', 'bank')),
    ADD CONSTRAINT ledger_entries_credits CHECK (credit_account IN ('clearing', 'offline', 'contributions', 'fees', 'refunds', 'disputes',
        'exchange', 'bank')
        AND credit_account <> debit_account);

ALTER TABLE payments ADD COLUMN kind TEXT NOT NULL DEFAULT 'payment'
    CHECK (kind IN ('payment', 'offline_payment', 'unconfirmed'));
ALTER TABLE payments ADD COLUMN settle_by_ms BIGINT;
CREATE INDEX payments_unsettled_in_time ON payments (settle_by_ms) WHERE settle_by_ms IS NOT NULL;
