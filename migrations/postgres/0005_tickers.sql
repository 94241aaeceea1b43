-- What tickers count each minute is found without reading the whole ledger, and
-- without reading the rows themselves: what came to a site in a currency since
-- a day, and who gave to a site, or by an appeal.

CREATE INDEX ledger_entries_of_currency
    ON ledger_entries (site, currency, occurred_at_ms, debit_account, amount_minor);
CREATE INDEX contributions_kept_of_site
    ON contributions (site, last_kept_payment_at_ms, supporter_id);
CREATE INDEX contributions_kept_of_appeal
    ON contributions (appeal, last_kept_payment_at_ms, supporter_id) WHERE appeal IS NOT NULL;
