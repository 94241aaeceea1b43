//! The same refusals on PostgreSQL, where there is one: `KEEPOPEN_TEST_POSTGRES` names it.

use keepopen::store::{Store, inbox};
use sqlx::{Connection, PgConnection};

use super::refusals::WAYS;

/// A database of its own on the server that the environment names.
async fn open() -> Option<Store> {
    let server = std::env::var("KEEPOPEN_TEST_POSTGRES").ok()?;
    let name = format!("keepopen_store_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    Some(Store::open(&url).await.unwrap())
}

#[actix_web::test]
async fn no_sql_makes_the_books_on_postgresql_forget() {
    let Some(store) = open().await else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let mut tx = store.begin().await.unwrap();
    inbox::insert(&mut tx, &super::arrival("evt_1", 1_000)).await.unwrap();
    let fact = serde_json::json!({"kind": "invoice_payment", "id": "inpay_1", "invoice": "in_1", "paid_by": ["pi_1"]});
    keepopen::store::objects::add(&mut tx, serde_json::from_value(fact).unwrap()).await.unwrap();
    super::put_contribution(&mut tx, 0).await;
    keepopen::store::books::book(&mut tx, &super::payment("pi_1"), 2_000).await.unwrap();
    tx.commit().await.unwrap();
    let rows = async |table: &str| {
        let sql = format!("SELECT CAST(it AS TEXT) FROM {table} it ORDER BY 1");
        store.look_for_tests(&sql).await.unwrap()
    };
    let truncate = ["ledger_entries", "stripe_events", "stripe_objects", "stripe_links"]
        .map(|table| (table, format!("TRUNCATE {table} CASCADE")));
    let ways = WAYS.iter().map(|(table, sql)| (*table, (*sql).to_owned()));
    // REPLACE is a word of SQLite's alone.
    for (table, sql) in ways.filter(|(_, sql)| !sql.contains("REPLACE")).chain(truncate) {
        let before = rows(table).await;
        assert!(!before.is_empty());
        let outcome = store.execute_for_tests(&sql).await;
        assert!(outcome.is_err(), "{sql} was done: {outcome:?}");
        assert_eq!(rows(table).await, before, "{sql}");
    }
    store.close().await;
}
