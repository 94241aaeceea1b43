//! Runs the statements of `refusals.rs` on PostgreSQL, if `KEEPOPEN_TEST_POSTGRES` names a server.

use super::TestStore;
use super::refusals::FORBIDDEN_STATEMENTS;

#[actix_web::test]
async fn no_sql_can_change_the_ledger_on_postgresql() {
    let test = TestStore::open().await.with_sample_rows().await;
    if !test.database.url().starts_with("postgres") {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    }
    let store = &test.store;
    let truncate = ["ledger_entries", "stripe_events", "stripe_objects", "stripe_links"]
        .map(|table| (table, format!("TRUNCATE {table} CASCADE")));
    let statements = FORBIDDEN_STATEMENTS.iter().map(|(table, sql)| (*table, (*sql).to_owned()));
    // PostgreSQL does not have the statement REPLACE.
    for (table, sql) in statements.filter(|(_, sql)| !sql.contains("REPLACE")).chain(truncate) {
        let before = test.rows(table).await;
        assert!(!before.is_empty(), "{table} must contain rows");
        let outcome = store.run_sql(&sql).await;
        assert!(outcome.is_err(), "PostgreSQL must reject {sql}: {outcome:?}");
        assert_eq!(test.rows(table).await, before, "{sql}");
    }
    store.close().await;
}
