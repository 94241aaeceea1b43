-- When the standing of a supporter with a site last changed after they could have had a token. Every instance reads the
-- changes that are younger than a token can be, so that the banner goes by the new standing and not by the token's.

CREATE TABLE standing_changes (
    supporter_id TEXT NOT NULL REFERENCES supporters (id),
    site TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (supporter_id, site)
) STRICT;
CREATE INDEX standing_changes_by_time ON standing_changes (changed_at_ms);
