-- The connection to Stripe: the webhook endpoints that were made by a command, whose signing secrets are kept
-- encrypted, so that a running service takes them up without a change of its settings; and when Stripe was last
-- heard, so that silence is noticed after a restart, too.

CREATE TABLE stripe_endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
    url TEXT NOT NULL,
    api_version TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    delivered_at_ms BIGINT,
    retired_at_ms BIGINT
);

CREATE TABLE stripe_contact (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'last'),
    delivered_at_ms BIGINT,
    clock_difference_ms BIGINT
);
INSERT INTO stripe_contact (id, delivered_at_ms)
SELECT 'last', MAX(received_at_ms) FROM stripe_events WHERE source = 'webhook';

-- Checkouts that began after Stripe was last heard are found without reading them all.
CREATE INDEX checkouts_started ON checkouts (started_at_ms);
