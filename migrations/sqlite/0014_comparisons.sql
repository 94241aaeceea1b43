-- A comparison with Stripe has a lease that a dead process loses within seconds, keeps how far it read each list, and counts
-- the money on the account that belongs to no gift of ours.

-- Who compares. There is one row at most.
CREATE TABLE comparison_lease (
    name TEXT NOT NULL PRIMARY KEY CHECK (name = 'comparison'),
    owner TEXT NOT NULL,
    held_until_ms INTEGER NOT NULL
) STRICT;

-- How far an unfinished comparison read each of Stripe's lists, the newest object first.
CREATE TABLE comparison_lists (
    -- What was asked for, such as `due`.
    run TEXT NOT NULL,
    list TEXT NOT NULL,
    -- Objects made from then on are read, in seconds since 1970.
    from_s INTEGER NOT NULL,
    -- When reading it began: what was made later is not among the pages that were read.
    started_s INTEGER NOT NULL,
    -- The last object that was read; none before the first page.
    after_id TEXT,
    finished TEXT NOT NULL CHECK (finished IN ('yes', 'no')),
    -- Why the last try failed.
    error TEXT,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (run, list)
) STRICT;

-- Money on the account that belongs to no gift of ours, by Stripe's object. A row goes when its object turns out to be ours.
CREATE TABLE other_money (
    object_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The other installation's site, where our metadata names one.
    site TEXT,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX other_money_kinds ON other_money (kind, site, currency, amount_minor, created_at_ms);
