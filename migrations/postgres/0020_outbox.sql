-- Domain events: what became true of a contribution, written in the transaction that booked it. The key is what happened
-- and what caused it, so that each is written once. The payload holds amounts and no personal data. Append-only.

CREATE TABLE outbox (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    supporter_id TEXT,
    site TEXT NOT NULL,
    occurred_at_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'overtaken'))
);
CREATE INDEX outbox_contribution ON outbox (contribution_id);
CREATE TRIGGER outbox_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON outbox
FOR EACH STATEMENT EXECUTE FUNCTION refuse('the outbox is append-only');

-- Tasks: what must happen later and outside a transaction. The key is what is to happen and what caused it. A worker that
-- takes a task is its lease_owner until next_try_at_ms; then another worker may take it. A finished task is deleted.
CREATE TABLE tasks (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    attempts BIGINT NOT NULL,
    next_try_at_ms BIGINT NOT NULL,
    lease_owner TEXT,
    error TEXT,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX tasks_due ON tasks (kind, next_try_at_ms, key) WHERE state = 'waiting';
