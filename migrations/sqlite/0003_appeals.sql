-- Appeals as they were written: a version never changes. What is in force is each appeal's newest publication.

CREATE TABLE appeal_versions (
    appeal_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (appeal_id, version)
) STRICT;

CREATE TABLE publications (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    appeal_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'paused', 'ended')),
    published_at_ms INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    FOREIGN KEY (appeal_id, version) REFERENCES appeal_versions (appeal_id, version)
) STRICT;
CREATE INDEX publications_of_appeal ON publications (appeal_id, number);

CREATE TRIGGER appeal_versions_stay BEFORE DELETE ON appeal_versions
BEGIN SELECT RAISE(ABORT, 'a version of an appeal stays as it is'); END;
CREATE TRIGGER appeal_versions_never_change BEFORE UPDATE ON appeal_versions
BEGIN SELECT RAISE(ABORT, 'a version of an appeal stays as it is'); END;
-- REPLACE takes a row away without asking the triggers above.
CREATE TRIGGER appeal_versions_first_stays BEFORE INSERT ON appeal_versions
WHEN EXISTS (SELECT 1 FROM appeal_versions WHERE appeal_id = NEW.appeal_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'a version of an appeal stays as it is'); END;
CREATE TRIGGER publications_stay BEFORE DELETE ON publications
BEGIN SELECT RAISE(ABORT, 'what was published is never forgotten'); END;
CREATE TRIGGER publications_never_change BEFORE UPDATE ON publications
BEGIN SELECT RAISE(ABORT, 'what was published is never forgotten'); END;
CREATE TRIGGER publications_first_stays BEFORE INSERT ON publications
WHEN EXISTS (SELECT 1 FROM publications WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'what was published is never forgotten'); END;
