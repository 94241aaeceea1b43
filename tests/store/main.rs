//! Tests the store on a real database: what the tables reject, what the database engine guarantees, and what is
//! stored.
//!
//! **Owns** tests of the tables and of the SQL, each on its own database.
//! **Never** starts a server.
//! **Start at** `refusals.rs`, where SQL statements try to change the ledger.
//! **Tested in** itself: a test fails if a trigger is removed.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

mod engine;
mod errors;
mod facts;
mod full_disk;
mod postgres;
mod refusals;

use keepopen::config::Mode;
use keepopen::contributions::{Contribution, ContributionState, Entry, EntryKind, Frequency};
use keepopen::ids::{ContributionId, SupporterId};
use keepopen::money::{Currency, Money};
use keepopen::store::inbox::{Arrival, EventState, Source};
use keepopen::store::{Store, Tx, inbox, ledger, objects, supporters};
use keepopen::supporters::Email;
use tempfile::TempDir;

use keepopen_testkit::Database;

/// A store with its own database.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    database: Database,
    _folder: TempDir,
}

impl TestStore {
    /// Opens a store on the kind of database that the test run uses.
    pub(crate) async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        Self::open_on(Database::make(folder.path()), folder).await
    }

    /// Opens a store on an SQLite file, for tests that only concern SQLite.
    pub(crate) async fn open_file() -> Self {
        let folder = TempDir::new().unwrap();
        Self::open_on(Database::file(folder.path()), folder).await
    }

    async fn open_on(database: Database, folder: TempDir) -> Self {
        let store = Store::open(database.url()).await.unwrap();
        Self { store, database, _folder: folder }
    }

    /// Closes the store, and opens it again on the same database.
    pub(crate) async fn open_again(self) -> Self {
        self.store.close().await;
        let store = Store::open(self.database.url()).await.unwrap();
        Self { store, ..self }
    }

    /// Runs SQL like a person with access to the database. Returns the number of changed rows, or the error.
    pub(crate) async fn sql(&self, sql: &str) -> Result<u64, String> {
        self.store.run_sql(sql).await.map_err(|error| error.to_string())
    }

    /// A table's rows as text, for comparison.
    pub(crate) async fn rows(&self, table: &str) -> Vec<String> {
        let mut tx = self.store.begin().await.unwrap();
        rows(&mut tx, table).await
    }

    /// Whether `sql` deletes or changes a row of `table`. The statement is rolled back.
    pub(crate) async fn changes_rows(&self, table: &str, sql: &str) -> bool {
        let mut tx = self.store.begin().await.unwrap();
        let before = rows(&mut tx, table).await;
        assert!(!before.is_empty(), "{table} is empty, so no row could be lost");
        // The statement may be rejected or have no effect. Only the rows afterwards count.
        let _ = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(sqlite_connection(&mut tx)).await;
        let after = rows(&mut tx, table).await;
        before.iter().any(|row| !after.contains(row))
    }

    /// The value of a pragma on the writing connection.
    pub(crate) async fn pragma(&self, name: &str) -> String {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        self.store.read_sql(&sql).await.unwrap().remove(0)
    }

    /// The plan of a query, one line per step. PostgreSQL usually reads a small table as a whole, so this function
    /// makes PostgreSQL use an index if there is one.
    pub(crate) async fn plan(&self, sql: &str) -> Vec<String> {
        match &mut self.store.begin().await.unwrap() {
            Tx::Sqlite(tx) => {
                let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let rows = sqlx::query(sql).fetch_all(&mut **tx).await.unwrap();
                rows.iter().map(|row| sqlx::Row::get(row, "detail")).collect()
            }
            Tx::Postgres(tx) => {
                sqlx::query("SET LOCAL enable_seqscan = off").execute(&mut **tx).await.unwrap();
                let sql = sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"));
                sqlx::query_scalar(sql).fetch_all(&mut **tx).await.unwrap()
            }
        }
    }

    /// Stores one row of each kind that must not be lost.
    pub(crate) async fn with_sample_rows(self) -> Self {
        let mut tx = self.store.begin().await.unwrap();
        inbox::insert(&mut tx, &arrival("evt_1", 1_000)).await.unwrap();
        let fact = serde_json::json!({"kind": "invoice_payment", "id": "inpay_1", "invoice": "in_1", "paid_by": ["pi_1"]});
        objects::add(&mut tx, serde_json::from_value(fact).unwrap()).await.unwrap();
        put_contribution(&mut tx, 0).await;
        assert!(ledger::book(&mut tx, &payment("pi_1"), 2_000).await.unwrap());
        tx.commit().await.unwrap();
        self
    }
}

/// The SQLite connection of a transaction.
fn sqlite_connection(tx: &mut Tx) -> &mut sqlx::SqliteConnection {
    match tx {
        Tx::Sqlite(tx) => &mut *tx,
        Tx::Postgres(_) => panic!("these tests only concern SQLite"),
    }
}

async fn rows(tx: &mut Tx, table: &str) -> Vec<String> {
    if let Tx::Postgres(tx) = tx {
        let sql = format!("SELECT CAST(it AS TEXT) FROM {table} it ORDER BY 1");
        return sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **tx).await.unwrap();
    }
    let tx = sqlite_connection(tx);
    let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
        .bind(table)
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
    let sql = format!("SELECT {} AS row FROM {table} ORDER BY row", quoted.join(" || ' ' || "));
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(tx).await.unwrap()
}

pub(crate) fn supporter() -> SupporterId {
    SupporterId::from_bytes([7; 16])
}

pub(crate) fn contribution_id() -> ContributionId {
    ContributionId::from_bytes([1; 16])
}

/// A waiting event that is due from `received_at_ms` on.
pub(crate) fn arrival(id: &str, received_at_ms: i64) -> Arrival<'_> {
    Arrival {
        id,
        kind: "invoice.paid",
        api_version: "2020-08-27",
        source: Source::Webhook,
        mode: Mode::Test,
        created_at_ms: 500,
        received_at_ms,
        body: "{\"object\":\"event\"}",
        state: EventState::Waiting,
    }
}

/// Stores the contribution that all these tests use, with this many reversed payments.
pub(crate) async fn put_contribution(tx: &mut Tx, reversed_payments: i64) {
    let email = Email::parse("reader@example.org").unwrap();
    supporters::put(tx, &supporter(), &email, Some("cus_1"), 1_000).await.unwrap();
    let contribution = Contribution {
        id: contribution_id(),
        site: "journal".to_owned(),
        supporter: Some(supporter()),
        frequency: Frequency::MONTHLY,
        money: Some(euros(1000)),
        state: ContributionState::Active,
        appeal: None,
        variant: None,
        started_at_ms: Some(1_000),
        last_retained_payment_at_ms: Some(1_000),
        paid_until_ms: None,
        ended_at_ms: None,
        reversed_payments,
        session: Some("cs_1".to_owned()),
        subscription: None,
        subscriptions: Vec::new(),
        customer: Some("cus_1".to_owned()),
    };
    ledger::put_contribution(tx, &contribution, "[]").await.unwrap();
}

pub(crate) fn payment(object: &str) -> Entry {
    Entry {
        kind: EntryKind::Payment,
        object: object.to_owned(),
        contribution: contribution_id(),
        site: "journal".to_owned(),
        money: euros(1000),
        occurred_at_ms: 1_000,
    }
}

pub(crate) fn euros(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::parse("EUR").unwrap() }
}
