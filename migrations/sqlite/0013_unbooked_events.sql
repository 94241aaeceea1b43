-- What is kept of events that booked nothing, so that they can be worked again: when their object turns out to belong to
-- a gift, when a new version of the program starts, or when a comparison with Stripe has booked what they report.

-- One row per event and object that it names.
CREATE TABLE unbooked_events (
    object_id TEXT NOT NULL,
    event_id TEXT NOT NULL REFERENCES stripe_events (id),
    reason TEXT NOT NULL CHECK (reason IN ('not_ours', 'unreadable', 'unknown_currency', 'dead')),
    PRIMARY KEY (object_id, event_id)
) STRICT;
CREATE INDEX unbooked_events_event ON unbooked_events (event_id);
CREATE INDEX unbooked_events_again ON unbooked_events (reason)
    WHERE reason IN ('unreadable', 'unknown_currency', 'dead');

-- Gifts on this Stripe account that were given to a site which is not configured here: another installation's.
CREATE TABLE other_gifts (
    contribution_id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL
) STRICT;

-- Every version of the program that ran as a service on this database.
CREATE TABLE program_versions (
    version TEXT NOT NULL PRIMARY KEY,
    first_started_at_ms INTEGER NOT NULL
) STRICT;
