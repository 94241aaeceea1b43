-- A subscription whose prices have different intervals: `mixed`.

DROP INDEX contributions_newest;
ALTER TABLE contributions ADD COLUMN every TEXT NOT NULL DEFAULT 'once'
    CHECK (every IN ('once', 'day', 'week', 'month', 'year', 'mixed'));
UPDATE contributions SET every = interval WHERE interval <> 'once';
ALTER TABLE contributions DROP COLUMN interval;
ALTER TABLE contributions RENAME COLUMN every TO interval;
CREATE INDEX contributions_newest
    ON contributions (COALESCE(started_at_ms, 0), id, site, state, interval, interval_count, currency);
