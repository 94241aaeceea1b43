-- Objects of Stripe's that can still change, such as a bank debit under way or an open dispute, with the time at which
-- Stripe created them (seconds since 1970; 0 if unknown). Those too old for the daily lists are fetched one by one.

ALTER TABLE stripe_objects ADD COLUMN pending_since_s BIGINT;
UPDATE stripe_objects SET pending_since_s = COALESCE(CAST(fact::jsonb ->> 'created_at_s' AS BIGINT), 0)
WHERE (fact::jsonb ->> 'kind' = 'session' AND fact::jsonb -> 'latest' ->> 'state' IN ('open', 'processing'))
    OR (fact::jsonb ->> 'kind' = 'invoice' AND fact::jsonb -> 'latest' ->> 'state' NOT IN ('void', 'paid'))
    OR (fact::jsonb ->> 'kind' = 'refund'
        AND fact::jsonb -> 'latest' ->> 'state' NOT IN ('succeeded', 'canceled', 'failed'))
    OR (fact::jsonb ->> 'kind' = 'dispute'
        AND fact::jsonb -> 'latest' ->> 'state' NOT IN ('dropped', 'won', 'lost'));
CREATE INDEX stripe_objects_pending ON stripe_objects (pending_since_s, id) WHERE pending_since_s IS NOT NULL;
