-- The audit log: who changed what, on which object, when, and by which request. Written in the transaction of the change.
-- A field of a person is named and its value is not kept. Append-only.

CREATE TABLE audit_log (
    seq BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL
        CHECK (actor IN ('reader', 'supporter', 'api_key', 'staff', 'operator', 'job', 'stripe')),
    actor_id TEXT,
    actor_role TEXT,
    action TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    changes TEXT NOT NULL,
    request_id TEXT
);
CREATE INDEX audit_log_object ON audit_log (object_id, seq);
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse('the audit log is append-only');
