-- What a comparison found and could not take in stands beside what it booked.

ALTER TABLE findings ADD COLUMN booked BIGINT NOT NULL DEFAULT 1 CHECK (booked IN (0, 1));
