-- The index that finds what is due holds the whole order in which events are
-- taken up: a large backlog is not sorted anew for every hundred. And one row
-- that is written again and again, to know whether the database takes what is
-- written: it can be read when its disk is full, or when it became a replica.

CREATE INDEX stripe_events_due ON stripe_events (next_try_at_ms, received_at_ms, id) WHERE state = 'waiting';
DROP INDEX stripe_events_waiting;

CREATE TABLE write_proof (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'last'),
    written_at_ms BIGINT NOT NULL
);
