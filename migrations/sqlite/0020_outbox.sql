-- Domain events: what became true of a contribution, written in the transaction that booked it. The key is what happened
-- and what caused it, so that each is written once. The payload holds amounts and no personal data. Append-only.

CREATE TABLE outbox (
    key TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    supporter_id TEXT,
    site TEXT NOT NULL,
    occurred_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'overtaken'))
) STRICT;
CREATE INDEX outbox_contribution ON outbox (contribution_id);
CREATE TRIGGER outbox_stays BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;
CREATE TRIGGER outbox_never_changes BEFORE UPDATE ON outbox
BEGIN SELECT RAISE(ABORT, 'the outbox is append-only'); END;
CREATE TRIGGER outbox_first_stays BEFORE INSERT ON outbox
WHEN EXISTS (SELECT 1 FROM outbox WHERE key = NEW.key)
BEGIN SELECT RAISE(IGNORE); END;

-- Tasks: what must happen later and outside a transaction. The key is what is to happen and what caused it. A worker that
-- takes a task is its lease_owner until next_try_at_ms; then another worker may take it. A finished task is deleted.
CREATE TABLE tasks (
    key TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    attempts INTEGER NOT NULL,
    next_try_at_ms INTEGER NOT NULL,
    lease_owner TEXT,
    error TEXT,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_due ON tasks (kind, next_try_at_ms, key) WHERE state = 'waiting';
