-- What silences a site at once, or one of its surfaces: each row turns one switch. In force is each switch's newest row.

CREATE TABLE switches (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    site TEXT NOT NULL,
    surface TEXT NOT NULL CHECK (surface IN ('all', 'banner', 'inline', 'wall')),
    state TEXT NOT NULL CHECK (state IN ('on', 'off')),
    set_at_ms BIGINT NOT NULL,
    set_by TEXT NOT NULL
);
CREATE INDEX switches_of_site ON switches (site, surface, number);

CREATE TRIGGER switches_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON switches
FOR EACH STATEMENT EXECUTE FUNCTION refuse('what was switched is never forgotten');
