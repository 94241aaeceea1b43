//! Stores events without the service: it writes the rows that the service would write, but directly with sqlx, in one
//! commit per event. `load.rs` measures how long this takes.

use keepopen::store::Store;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::events::Event;

/// Stores one event. The statement commits by itself, without a transaction around it, which is the fastest way.
const INSERT: &str = "INSERT INTO stripe_events (id, type, api_version, source, livemode, created_at_ms, received_at_ms, body, state, \
     next_try_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7)";

/// A connection to the database, without the service.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    /// Opens a database and creates the tables of the service in it.
    pub async fn open(url: &str) -> Self {
        Store::open(url).await.unwrap().close().await;
        if !url.starts_with("sqlite:") {
            return Self::Postgres(PgConnection::connect(url).await.unwrap());
        }
        let options: SqliteConnectOptions = url.parse().unwrap();
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        Self::Sqlite(options.foreign_keys(true).connect().await.unwrap())
    }

    /// Stores an event. The event is on disk when this function returns.
    pub async fn commit(&mut self, event: &Event) {
        let Event { id, body, at_ms } = event;
        macro_rules! insert {
            ($connection:expr) => {
                sqlx::query(INSERT)
                    .bind(id)
                    .bind("payment_intent.succeeded")
                    .bind("2025-10-29.clover")
                    .bind("webhook")
                    .bind("test")
                    .bind(at_ms)
                    .bind(at_ms)
                    .bind(body)
                    .bind("waiting")
                    .execute($connection)
                    .await
                    .unwrap()
                    .rows_affected()
            };
        }
        let rows = match self {
            Self::Sqlite(connection) => insert!(connection),
            Self::Postgres(connection) => insert!(connection),
        };
        assert_eq!(rows, 1);
    }
}

/// Returns, as text, the settings of the PostgreSQL server that decide whether a commit is durable, and the server's
/// data folder. Panics if the server does not sync commits to disk, because the measurement would then be meaningless.
pub async fn durability(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut settings = Vec::new();
    for name in ["fsync", "synchronous_commit", "data_directory"] {
        let show = sqlx::AssertSqlSafe(format!("SHOW {name}"));
        let value: String = sqlx::query_scalar(show).fetch_one(&mut connection).await.unwrap();
        assert!(
            value != "off",
            "{name} is off on this server; start it with POSTGRES_DURABLE=1 scripts/with-postgres"
        );
        settings.push(format!("{name}={value}"));
    }
    settings.join(", ")
}
