-- What silences a site at once, or one of its surfaces: each row turns one switch. In force is each switch's newest row.

CREATE TABLE switches (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    site TEXT NOT NULL,
    surface TEXT NOT NULL CHECK (surface IN ('all', 'banner', 'inline', 'wall')),
    state TEXT NOT NULL CHECK (state IN ('on', 'off')),
    set_at_ms INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT;
CREATE INDEX switches_of_site ON switches (site, surface, number);

CREATE TRIGGER switches_stay BEFORE DELETE ON switches
BEGIN SELECT RAISE(ABORT, 'what was switched is never forgotten'); END;
CREATE TRIGGER switches_never_change BEFORE UPDATE ON switches
BEGIN SELECT RAISE(ABORT, 'what was switched is never forgotten'); END;
-- REPLACE takes a row away without asking the triggers above.
CREATE TRIGGER switches_first_stays BEFORE INSERT ON switches
WHEN EXISTS (SELECT 1 FROM switches WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'what was switched is never forgotten'); END;
