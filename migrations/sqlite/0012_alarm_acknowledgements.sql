-- Who has looked at an alarm, and what they found. An acknowledgement is of exactly one alarm: its id is a digest of what
-- the alarm states. Append-only.

CREATE TABLE alarm_acknowledgements (
    alarm_id TEXT NOT NULL PRIMARY KEY,
    contribution_id TEXT NOT NULL REFERENCES contributions (id),
    alarm TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    via TEXT NOT NULL,
    acknowledged_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX alarm_acknowledgements_contribution ON alarm_acknowledgements (contribution_id);
CREATE INDEX alarm_acknowledgements_newest ON alarm_acknowledgements (acknowledged_at_ms);
CREATE TRIGGER alarm_acknowledgements_stay BEFORE DELETE ON alarm_acknowledgements
BEGIN SELECT RAISE(ABORT, 'acknowledgements are append-only'); END;
CREATE TRIGGER alarm_acknowledgements_never_change BEFORE UPDATE ON alarm_acknowledgements
BEGIN SELECT RAISE(ABORT, 'acknowledgements are append-only'); END;
CREATE TRIGGER alarm_acknowledgements_first_stays BEFORE INSERT ON alarm_acknowledgements
WHEN EXISTS (SELECT 1 FROM alarm_acknowledgements WHERE alarm_id = NEW.alarm_id)
BEGIN SELECT RAISE(IGNORE); END;
