//! The kind of error that a failed operation reports: whether a retry helps, and whether the database is the cause.

use keepopen::store::{Store, StoreError};

use super::TestStore;

#[actix_web::test]
async fn an_unreachable_database_is_reported_as_unavailable() {
    let store = Store::not_reached();
    for outcome in
        [store.begin().await.map(drop), store.snapshot().await.map(drop), store.inbox_rows().await.map(drop)]
    {
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
}

#[actix_web::test]
async fn a_duplicate_key_is_reported_as_a_conflict() {
    let test = TestStore::open().await;
    let sql = "INSERT INTO write_proof (id, written_at_ms) VALUES ('last', 1)";
    test.store.run_sql(sql).await.unwrap();
    let outcome = test.store.run_sql(sql).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}

#[actix_web::test]
async fn a_statement_that_the_database_rejects_is_reported_as_corrupt_data() {
    let test = TestStore::open().await.with_sample_rows().await;
    for sql in [
        "DELETE FROM ledger_entries",
        "INSERT INTO write_proof (id, written_at_ms) VALUES ('last', NULL)",
        "UPDATE contributions SET supporter_id = 'sup_nobody'",
        "INSERT INTO no_such_table VALUES (1)",
        "not SQL",
    ] {
        let outcome = test.store.run_sql(sql).await;
        assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{sql}: {outcome:?}");
    }
}

#[actix_web::test]
async fn a_value_that_this_version_cannot_read_is_reported_as_corrupt_data() {
    let test = TestStore::open().await.with_sample_rows().await;
    test.store.run_sql("UPDATE contributions SET alarms = 'no list'").await.unwrap();
    let outcome = test.store.open_alarms(10).await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "the database contains, or was given, corrupt data (the database contains a list of alarms that this version can't read)"
    );
}
