//! SQL statements that try to change the ledger. The database must reject them.

use super::TestStore;

/// Every way in which SQL can lose or change a row of the append-only tables.
pub(crate) const FORBIDDEN_STATEMENTS: &[(&str, &str)] = &[
    ("ledger_entries", "DELETE FROM ledger_entries"),
    ("ledger_entries", "DELETE FROM ledger_entries WHERE cause = 'payment:pi_1'"),
    ("ledger_entries", "UPDATE ledger_entries SET amount_minor = 1"),
    ("ledger_entries", "UPDATE ledger_entries SET booked_at_ms = booked_at_ms + 1"),
    ("ledger_entries", "UPDATE ledger_entries SET cause = 'payment:pi_2'"),
    ("ledger_entries", "UPDATE OR REPLACE ledger_entries SET site = 'gazette'"),
    (
        "ledger_entries",
        "REPLACE INTO ledger_entries SELECT cause, kind, object, contribution_id, site, currency, \
         debit_account, credit_account, 1, occurred_at_ms, booked_at_ms FROM ledger_entries",
    ),
    (
        "ledger_entries",
        "INSERT INTO ledger_entries SELECT * FROM ledger_entries WHERE true \
         ON CONFLICT (cause) DO UPDATE SET amount_minor = 1",
    ),
    ("stripe_events", "DELETE FROM stripe_events"),
    ("stripe_events", "DELETE FROM stripe_events WHERE state = 'waiting'"),
    ("stripe_events", "UPDATE stripe_events SET id = 'evt_2'"),
    ("stripe_events", "UPDATE stripe_events SET type = 'invoice.voided'"),
    ("stripe_events", "UPDATE stripe_events SET api_version = ''"),
    ("stripe_events", "UPDATE stripe_events SET source = 'fetched'"),
    ("stripe_events", "UPDATE stripe_events SET livemode = 'live'"),
    ("stripe_events", "UPDATE stripe_events SET created_at_ms = 0"),
    ("stripe_events", "UPDATE stripe_events SET received_at_ms = 0"),
    ("stripe_events", "UPDATE stripe_events SET body = '{}'"),
    (
        "stripe_events",
        "REPLACE INTO stripe_events SELECT id, type, api_version, source, livemode, created_at_ms, \
         received_at_ms, '{}', state, attempts, next_try_at_ms, error, outcome FROM stripe_events",
    ),
    ("stripe_objects", "DELETE FROM stripe_objects"),
    ("stripe_objects", "UPDATE stripe_objects SET id = 'inpay_2'"),
    ("stripe_links", "DELETE FROM stripe_links"),
    ("stripe_links", "DELETE FROM stripe_links WHERE from_id = 'in_1'"),
    ("stripe_links", "UPDATE stripe_links SET to_id = 'in_2' WHERE from_id = 'in_1'"),
];

#[actix_web::test]
async fn no_sql_can_change_the_ledger() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    let mut not_rejected = Vec::new();
    for (table, sql) in FORBIDDEN_STATEMENTS {
        if test.changes_rows(table, sql).await {
            not_rejected.push(*sql);
        }
    }
    assert_eq!(not_rejected, Vec::<&str>::new());
}

#[actix_web::test]
async fn the_check_for_lost_rows_detects_a_lost_or_changed_row() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    assert!(test.changes_rows("supporter_customers", "DELETE FROM supporter_customers").await);
    assert!(test.changes_rows("supporters", "UPDATE supporters SET created_at_ms = 0").await);
    assert!(!test.changes_rows("supporters", "SELECT 1").await);
}

#[actix_web::test]
async fn the_error_states_the_violated_rule() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    for (sql, sentence) in [
        ("DELETE FROM ledger_entries", "the ledger is append-only"),
        ("UPDATE ledger_entries SET amount_minor = 1", "the ledger is append-only"),
        ("DELETE FROM stripe_events", "the inbox is append-only"),
        ("UPDATE stripe_events SET body = '{}'", "what arrived in the inbox is never changed"),
        ("DELETE FROM stripe_objects", "facts are never removed"),
        ("DELETE FROM stripe_links", "ties are never removed"),
    ] {
        let error = test.sql(sql).await.unwrap_err();
        assert!(error.contains(sentence), "{sql}: {error}");
    }
}

#[actix_web::test]
async fn the_progress_of_an_event_can_be_updated() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    let sql = "UPDATE stripe_events SET state = 'done', attempts = 1, next_try_at_ms = 5, error = NULL, outcome = 'booked'";
    assert_eq!(test.sql(sql).await, Ok(1));
}

#[actix_web::test]
async fn a_gift_or_a_supporter_with_entries_cannot_be_deleted() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    for sql in ["DELETE FROM contributions", "DELETE FROM supporters"] {
        let error = test.sql(sql).await.unwrap_err();
        assert!(error.contains("FOREIGN KEY"), "{sql}: {error}");
    }
}

#[actix_web::test]
async fn an_invalid_entry_is_rejected() {
    let test = TestStore::open_file().await.with_sample_rows().await;
    let insert = |cause: &str, kind: &str, credit: &str, amount: &str| {
        format!(
            "INSERT INTO ledger_entries SELECT '{cause}', 1 + (SELECT MAX(seq) FROM ledger_entries), '{kind}', object, contribution_id, site, currency, \
             debit_account, '{credit}', {amount}, occurred_at_ms, booked_at_ms FROM ledger_entries WHERE cause = 'payment:pi_1'"
        )
    };
    for (sql, reason) in [
        (insert("a", "payment", "contributions", "0"), "CHECK"),
        (insert("a", "payment", "contributions", "-5"), "CHECK"),
        (insert("a", "payment", "clearing", "5"), "CHECK"),
        (insert("a", "present", "contributions", "5"), "CHECK"),
        (insert("a", "payment", "contributions", "'ten'"), "cannot store TEXT"),
        (insert("a", "payment", "contributions", "1.5"), "cannot store REAL"),
        (insert("a", "payment", "contributions", "5").replace("contribution_id", "'con_0'"), "FOREIGN KEY"),
    ] {
        let error = test.sql(&sql).await.expect_err(&sql);
        assert!(error.contains(reason), "{sql}: {error}");
    }
    assert_eq!(
        test.sql(&insert("a", "payment", "contributions", "5")).await,
        Ok(1),
        "the unchanged sample entry must be accepted"
    );
}
