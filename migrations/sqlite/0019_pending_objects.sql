-- Objects of Stripe's that can still change, such as a bank debit under way or an open dispute, with the time at which
-- Stripe created them (seconds since 1970; 0 if unknown). Those too old for the daily lists are fetched one by one.

ALTER TABLE stripe_objects ADD COLUMN pending_since_s INTEGER;
UPDATE stripe_objects SET pending_since_s = COALESCE(json_extract(fact, '$.created_at_s'), 0)
WHERE (json_extract(fact, '$.kind') = 'session' AND json_extract(fact, '$.latest.state') IN ('open', 'processing'))
    OR (json_extract(fact, '$.kind') = 'invoice' AND json_extract(fact, '$.latest.state') NOT IN ('void', 'paid'))
    OR (json_extract(fact, '$.kind') = 'refund'
        AND json_extract(fact, '$.latest.state') NOT IN ('succeeded', 'canceled', 'failed'))
    OR (json_extract(fact, '$.kind') = 'dispute'
        AND json_extract(fact, '$.latest.state') NOT IN ('dropped', 'won', 'lost'));
CREATE INDEX stripe_objects_pending ON stripe_objects (pending_since_s, id) WHERE pending_since_s IS NOT NULL;
