//! If SQLite itself rolls back a transaction, the writing connection can't be used any more. The store must replace
//! it.

use keepopen::store::inbox::{self, Arrival};
use keepopen::store::{StoreError, Tx};

use crate::{TestStore, arrival};

/// Lets the database grow by at most this many pages. The limit applies to one connection; other connections have no
/// limit.
async fn limit_growth(test: &TestStore, pages: i64) {
    let mut tx = test.store.begin().await.unwrap();
    let Tx::Sqlite(connection) = &mut tx else { panic!("this test only concerns SQLite") };
    let count: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut **connection).await.unwrap();
    let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", count + pages));
    sqlx::query(limit).execute(&mut **connection).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_writer_whose_transaction_was_rolled_back_by_a_full_disk_is_replaced() {
    let test = TestStore::open_file().await;
    limit_growth(&test, 2).await;
    let large = "x".repeat(1_000_000);
    let mut tx = test.store.begin().await.unwrap();
    let outcome = inbox::insert(&mut tx, &Arrival { body: &large, ..arrival("evt_1", 1_000) }).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "the error must blame the database, not the event: {outcome:?}"
    );
    drop(tx);
    // If the connection were not replaced, this and every later transaction would fail until a restart.
    let mut tx = test.store.begin().await.unwrap();
    inbox::insert(&mut tx, &Arrival { body: &large, ..arrival("evt_1", 1_000) }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.rows("stripe_events").await.len(), 1);
    test.store.close().await;
}

#[tokio::test]
async fn a_transaction_dropped_during_a_statement_releases_the_writer() {
    let test = TestStore::open_file().await;
    for number in 0..20 {
        let mut tx = test.store.begin().await.unwrap();
        let event = arrival("evt_1", number);
        let insert = inbox::insert(&mut tx, &event);
        // Polls the statement once, so that it is in progress, and then drops it.
        let outcome = tokio::time::timeout(std::time::Duration::ZERO, insert).await;
        drop(tx);
        assert!(outcome.is_err() || outcome.is_ok_and(|it| it.is_ok()), "the statement must not fail");
        assert_eq!(test.rows("stripe_events").await, Vec::<String>::new());
    }
    test.store.close().await;
}
