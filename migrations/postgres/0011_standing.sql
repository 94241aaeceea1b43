-- Any interval that Stripe has, until when a contribution is paid for, and when its subscription ended; the address that
-- each customer has at Stripe, so that several supporters can share one; and what tickers count, read from payments: a
-- refund counts where the payment counts that it is of.

DROP INDEX contributions_newest;
ALTER TABLE contributions DROP CONSTRAINT contributions_interval_check;
ALTER TABLE contributions ADD CONSTRAINT contributions_interval_check
    CHECK (interval IN ('once', 'day', 'week', 'month', 'year'));
ALTER TABLE contributions ADD COLUMN interval_count BIGINT NOT NULL DEFAULT 1 CHECK (interval_count >= 1);
ALTER TABLE contributions ADD COLUMN paid_until_ms BIGINT;
ALTER TABLE contributions ADD COLUMN ended_at_ms BIGINT;
CREATE INDEX contributions_newest
    ON contributions (COALESCE(started_at_ms, 0), id, site, state, interval, interval_count, currency);
CREATE INDEX contributions_customer ON contributions (customer) WHERE customer IS NOT NULL;

CREATE TABLE customer_emails (
    customer TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL
);
CREATE INDEX customer_emails_email ON customer_emails (email);
INSERT INTO customer_emails (customer, email)
SELECT supporter_customers.customer, MIN(supporter_emails.email) FROM supporter_emails
JOIN supporter_customers ON supporter_customers.supporter_id = supporter_emails.supporter_id
GROUP BY supporter_customers.customer;
DROP TABLE supporter_emails;

CREATE INDEX payments_of_currency
    ON payments (site, currency, paid_at_ms, amount_minor, refunded_minor, disputed_minor);
DROP INDEX IF EXISTS ledger_entries_of_currency;
