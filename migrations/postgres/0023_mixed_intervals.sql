-- A subscription whose prices have different intervals: `mixed`.

ALTER TABLE contributions DROP CONSTRAINT contributions_interval_check;
ALTER TABLE contributions ADD CONSTRAINT contributions_interval_check
    CHECK (interval IN ('once', 'day', 'week', 'month', 'year', 'mixed'));
