-- Columns and a state take the names that the API has.

ALTER TABLE contributions RENAME COLUMN last_kept_payment_at_ms TO last_retained_payment_at_ms;
ALTER TABLE contributions RENAME COLUMN payments_withdrawn TO reversed_payments;
UPDATE contributions SET state = 'reversed' WHERE state = 'taken_back';
ALTER TABLE payments RENAME COLUMN awaiting_minor TO unsettled_minor;
ALTER TABLE payments RENAME COLUMN differing_minor TO discrepancy_minor;
