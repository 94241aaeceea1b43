-- The whole of the double entry: fees, other currencies and payouts beside what readers gave; the order in which
-- entries were booked; payments as finance reads them; seals of the books; other addresses of supporters.

CREATE TABLE ledger_entries_new (
    cause TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal',
        'fee', 'fee_reversal', 'exchange_out', 'exchange_in', 'payout', 'payout_reversal')),
    object TEXT NOT NULL,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    site TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_account TEXT NOT NULL CHECK (debit_account IN ('clearing', 'contributions', 'fees', 'refunds', 'disputes', 'exchange', 'bank')),
    credit_account TEXT NOT NULL CHECK (credit_account IN ('clearing', 'contributions', 'fees', 'refunds', 'disputes', 'exchange', 'bank')
        AND credit_account <> debit_account),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    occurred_at_ms INTEGER NOT NULL,
    booked_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_entries_new (cause, seq, kind, object, contribution_id, site, currency, debit_account,
    credit_account, amount_minor, occurred_at_ms, booked_at_ms)
SELECT cause, ROW_NUMBER() OVER (ORDER BY booked_at_ms, cause), kind, object, contribution_id, site, currency,
    debit_account, credit_account, amount_minor, occurred_at_ms, booked_at_ms FROM ledger_entries;
DROP TABLE ledger_entries;
ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
CREATE INDEX ledger_entries_contribution ON ledger_entries (contribution_id);
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_first_stays BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE cause = NEW.cause)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER ledger_entries_never_change BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Payments as finance reads them: written anew from all facts of the gift whenever one changes.
CREATE TABLE payments (
    object TEXT NOT NULL PRIMARY KEY,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    site TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    presented_currency TEXT,
    presented_minor INTEGER,
    paid_at_ms INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL,
    disputed_minor INTEGER NOT NULL,
    awaiting_minor INTEGER NOT NULL,
    differing_minor INTEGER NOT NULL,
    settled_currency TEXT,
    fee_minor INTEGER,
    net_minor INTEGER,
    charge TEXT,
    payout TEXT,
    payout_arrives_at_ms INTEGER
) STRICT;
CREATE INDEX payments_contribution ON payments (contribution_id);
CREATE INDEX payments_unsettled ON payments (site, currency) WHERE awaiting_minor <> 0 OR differing_minor <> 0;
-- The order in which they are exported.
CREATE INDEX payments_paid ON payments (paid_at_ms, object);
-- Sums by site and currency are read off these two: PostgreSQL adds millions of rows up as they lie, SQLite would sort
-- them first.
CREATE INDEX payments_settled ON payments (site, settled_currency, net_minor) WHERE settled_currency IS NOT NULL;
CREATE INDEX ledger_entries_accounts ON ledger_entries (site, currency, debit_account, credit_account, amount_minor);
INSERT INTO payments (object, contribution_id, site, currency, amount_minor, paid_at_ms, refunded_minor, disputed_minor,
    awaiting_minor, differing_minor)
SELECT object, contribution_id, site, currency, amount_minor, occurred_at_ms, 0, 0, amount_minor, 0 FROM ledger_entries
WHERE kind = 'payment';

-- What the books were each night: a signed digest of every entry up to a place in their order.
CREATE TABLE seals (
    up_to_seq INTEGER NOT NULL,
    made_at_ms INTEGER NOT NULL PRIMARY KEY,
    entries INTEGER NOT NULL,
    digest TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;
CREATE TRIGGER seals_stay BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER seals_never_change BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;
CREATE TRIGGER seals_first_stays BEFORE INSERT ON seals
WHEN EXISTS (SELECT 1 FROM seals WHERE made_at_ms = NEW.made_at_ms)
BEGIN SELECT RAISE(ABORT, 'seals are append-only'); END;

-- Addresses that a supporter has at Stripe beside the one that they gave under.
CREATE TABLE supporter_emails (
    email TEXT NOT NULL PRIMARY KEY,
    supporter_id TEXT NOT NULL REFERENCES supporters (id)
) STRICT;

-- The order in which gifts are listed, with what the list is narrowed by; those that want a person to look; and whose
-- tokens were superseded of late.
CREATE INDEX contributions_newest ON contributions (COALESCE(started_at_ms, 0), id, site, state, interval);
CREATE INDEX contributions_to_look_at ON contributions (id) WHERE alarms <> '[]';
CREATE INDEX supporters_raised ON supporters (epoch_raised_at_ms);
