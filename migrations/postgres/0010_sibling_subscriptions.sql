-- A contribution can have several subscriptions: staff cancel one and make another with the same metadata. All ids are
-- kept, separated by a space; `subscription` stays the one that decides.

ALTER TABLE contributions ADD COLUMN subscriptions TEXT NOT NULL DEFAULT '';
UPDATE contributions SET subscriptions = subscription WHERE subscription IS NOT NULL;
