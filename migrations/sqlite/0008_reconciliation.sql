-- How far what Stripe has was compared with what we know, and what was found that no webhook had told.

CREATE TABLE sweeps (
    kind TEXT NOT NULL PRIMARY KEY CHECK (kind IN ('events', 'balance', 'objects')),
    -- Everything that Stripe made before was compared, in seconds since 1970.
    cursor_s INTEGER NOT NULL,
    -- Until when the instance that compares keeps it for itself.
    claimed_until_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    looked_at INTEGER NOT NULL,
    stored INTEGER NOT NULL
) STRICT;

CREATE TABLE findings (
    id TEXT NOT NULL PRIMARY KEY,
    object TEXT NOT NULL,
    what TEXT NOT NULL,
    sweep TEXT NOT NULL,
    found_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX findings_newest ON findings (found_at_ms);
CREATE TRIGGER findings_stay BEFORE DELETE ON findings
BEGIN SELECT RAISE(ABORT, 'findings are append-only'); END;
CREATE TRIGGER findings_never_change BEFORE UPDATE ON findings
BEGIN SELECT RAISE(ABORT, 'findings are append-only'); END;
