-- How far what Stripe has was compared with what we know, and what was found that no webhook had told.

CREATE TABLE sweeps (
    kind TEXT NOT NULL PRIMARY KEY CHECK (kind IN ('events', 'balance', 'objects')),
    -- Everything that Stripe made before was compared, in seconds since 1970.
    cursor_s BIGINT NOT NULL,
    -- Until when the instance that compares keeps it for itself.
    claimed_until_ms BIGINT NOT NULL,
    finished_at_ms BIGINT,
    looked_at BIGINT NOT NULL,
    stored BIGINT NOT NULL
);

CREATE TABLE findings (
    id TEXT NOT NULL PRIMARY KEY,
    object TEXT NOT NULL,
    what TEXT NOT NULL,
    sweep TEXT NOT NULL,
    found_at_ms BIGINT NOT NULL
);
CREATE INDEX findings_newest ON findings (found_at_ms);
CREATE TRIGGER findings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON findings
FOR EACH STATEMENT EXECUTE FUNCTION refuse('findings are append-only');
