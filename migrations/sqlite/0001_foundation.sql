-- The foundation: the inbox of Stripe's events, the facts they report, the
-- contributions and ledger entries that follow, the people who gave, and the
-- keys. Money is append-only: triggers refuse to change or remove what is booked.
-- Times are milliseconds since 1970 (UTC) unless the name ends in _s.

-- Every event as it arrived, and every object that was fetched from Stripe.
CREATE TABLE stripe_events (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    api_version TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('webhook', 'fetched')),
    livemode TEXT NOT NULL CHECK (livemode IN ('live', 'test')),
    created_at_ms INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'set_aside', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at_ms INTEGER NOT NULL,
    error TEXT,
    outcome TEXT
) STRICT;
CREATE INDEX stripe_events_waiting ON stripe_events (next_try_at_ms) WHERE state = 'waiting';
CREATE INDEX stripe_events_stopped ON stripe_events (state) WHERE state IN ('set_aside', 'dead');
CREATE TRIGGER stripe_events_stay BEFORE DELETE ON stripe_events
BEGIN SELECT RAISE(ABORT, 'the inbox is append-only'); END;
-- REPLACE takes a row away without asking the trigger above.
CREATE TRIGGER stripe_events_first_stays BEFORE INSERT ON stripe_events
WHEN EXISTS (SELECT 1 FROM stripe_events WHERE id = NEW.id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER stripe_events_keep_what_arrived BEFORE UPDATE ON stripe_events
WHEN OLD.id <> NEW.id OR OLD.type <> NEW.type OR OLD.api_version <> NEW.api_version
    OR OLD.source <> NEW.source OR OLD.livemode <> NEW.livemode
    OR OLD.created_at_ms <> NEW.created_at_ms OR OLD.received_at_ms <> NEW.received_at_ms
    OR OLD.body <> NEW.body
BEGIN SELECT RAISE(ABORT, 'what arrived in the inbox is never changed'); END;

-- What is known of each of Stripe's objects, in our words (JSON of one fact).
CREATE TABLE stripe_objects (
    id TEXT NOT NULL PRIMARY KEY,
    fact TEXT NOT NULL
) STRICT;
CREATE TRIGGER stripe_objects_stay BEFORE DELETE ON stripe_objects
BEGIN SELECT RAISE(ABORT, 'facts are never removed'); END;
CREATE TRIGGER stripe_objects_keep_their_id BEFORE UPDATE OF id ON stripe_objects
BEGIN SELECT RAISE(ABORT, 'facts are never removed'); END;

-- Which objects belong to the same gift; each tie stands here in both directions.
CREATE TABLE stripe_links (
    from_id TEXT NOT NULL,
    to_id TEXT NOT NULL,
    PRIMARY KEY (from_id, to_id)
) STRICT;
CREATE TRIGGER stripe_links_stay BEFORE DELETE ON stripe_links
BEGIN SELECT RAISE(ABORT, 'ties are never removed'); END;
CREATE TRIGGER stripe_links_never_change BEFORE UPDATE ON stripe_links
BEGIN SELECT RAISE(ABORT, 'ties are never removed'); END;

-- People who gave. The epoch is what was ever withdrawn from them, and signs
-- tokens that were made before it out.
CREATE TABLE supporters (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    epoch_raised_at_ms INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX supporters_email ON supporters (email) WHERE email IS NOT NULL;
CREATE TABLE supporter_customers (
    customer TEXT NOT NULL PRIMARY KEY,
    supporter_id TEXT NOT NULL REFERENCES supporters (id)
) STRICT;

-- Gifts, as the facts have them: written anew from all facts whenever one changes.
CREATE TABLE contributions (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    supporter_id TEXT REFERENCES supporters (id),
    interval TEXT NOT NULL CHECK (interval IN ('once', 'month', 'year')),
    amount_minor INTEGER,
    currency TEXT,
    state TEXT NOT NULL,
    appeal TEXT,
    variant TEXT,
    started_at_ms INTEGER,
    last_kept_payment_at_ms INTEGER,
    payments_withdrawn INTEGER NOT NULL,
    session TEXT,
    subscription TEXT,
    customer TEXT,
    alarms TEXT NOT NULL
) STRICT;
CREATE INDEX contributions_supporter ON contributions (supporter_id);
CREATE UNIQUE INDEX contributions_session ON contributions (session) WHERE session IS NOT NULL;

-- The ledger: immutable transfers, each with one cause.
CREATE TABLE ledger_entries (
    cause TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL
        CHECK (kind IN ('payment', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal')),
    object TEXT NOT NULL,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    site TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL CHECK (credit_account <> debit_account),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    occurred_at_ms INTEGER NOT NULL,
    booked_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_entries_contribution ON ledger_entries (contribution_id);
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_first_stays BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE cause = NEW.cause)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER ledger_entries_never_change BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- What was asked of Stripe's Checkout, one row for each attempt of a browser.
CREATE TABLE checkouts (
    site TEXT NOT NULL,
    attempt TEXT NOT NULL,
    parameters TEXT NOT NULL,
    contribution_id TEXT NOT NULL,
    tries INTEGER NOT NULL,
    session TEXT,
    url TEXT,
    started_at_ms INTEGER NOT NULL,
    exchanged_at_ms INTEGER,
    PRIMARY KEY (site, attempt)
) STRICT;

-- Keys that sign tokens; the private halves are encrypted.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    public_key TEXT NOT NULL,
    sealed_private_key TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER
) STRICT;

-- Secret API keys, as hashes.
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
) STRICT;

-- Views, clicks and dismissals, added up by the hour; never one row for each reader.
CREATE TABLE banner_counts (
    hour_at_ms INTEGER NOT NULL,
    site TEXT NOT NULL,
    appeal TEXT NOT NULL,
    variant TEXT NOT NULL,
    surface TEXT NOT NULL,
    country TEXT NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (hour_at_ms, site, appeal, variant, surface, country, kind)
) STRICT;
