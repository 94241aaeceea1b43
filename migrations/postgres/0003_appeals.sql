-- Appeals as they were written: a version never changes. What is in force is each appeal's newest publication.

CREATE TABLE appeal_versions (
    appeal_id TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (appeal_id, version)
);

CREATE TABLE publications (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    appeal_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'paused', 'ended')),
    published_at_ms BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    FOREIGN KEY (appeal_id, version) REFERENCES appeal_versions (appeal_id, version)
);
CREATE INDEX publications_of_appeal ON publications (appeal_id, number);

CREATE TRIGGER appeal_versions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON appeal_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of an appeal stays as it is');
CREATE TRIGGER publications_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON publications
FOR EACH STATEMENT EXECUTE FUNCTION refuse('what was published is never forgotten');
