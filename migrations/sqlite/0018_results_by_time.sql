-- Results, and any other sum over the entries of a site in a span of time.
CREATE INDEX ledger_entries_of_site ON ledger_entries (site, occurred_at_ms);
