//! Writes the newsroom into a database. It writes the rows that the program would write, as fast as the database
//! accepts them.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::sync::mpsc;

use crate::rows::{ALL, Batch, Cell, RowSink, Table, generate};

/// The number of rows in each table.
pub type Rows = Vec<(&'static str, u64)>;

/// Loads this many supporters into an empty, migrated database.
pub async fn load(url: &str, supporters: u64) -> Rows {
    let (batches, mut generated) = mpsc::channel(8);
    let generator = std::thread::spawn(move || generate(&mut RowSink::new(batches), supporters));
    let mut writer = Writer::open(url).await;
    let mut rows: Rows = ALL.iter().map(|table| (table.name, 0)).collect();
    writer.execute("BEGIN").await;
    while let Some(batch) = generated.recv().await {
        match batch {
            Batch::Rows(table, cells) => {
                let count = cells.len() / table.columns.len();
                rows.iter_mut().find(|(name, _)| *name == table.name).unwrap().1 += count as u64;
                writer.write(table, cells).await;
            }
            Batch::Commit => {
                writer.execute("COMMIT").await;
                writer.execute("BEGIN").await;
            }
        }
    }
    generator.join().unwrap();
    writer.execute("COMMIT").await;
    writer.close().await;
    rows
}

enum Writer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Writer {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            let options: SqliteConnectOptions = url.parse().unwrap();
            let connection = SqliteConnection::connect_with(&options.foreign_keys(false)).await.unwrap();
            let mut writer = Self::Sqlite(connection);
            // These settings risk the data in a crash. That is acceptable, because the data can be generated again.
            for pragma in ["synchronous = OFF", "journal_mode = MEMORY", "cache_size = -500000"] {
                writer.execute(&format!("PRAGMA {pragma}")).await;
            }
            return writer;
        }
        let mut writer = Self::Postgres(PgConnection::connect(url).await.unwrap());
        // PostgreSQL need not check the foreign keys, because the generated rows always satisfy them.
        writer.execute("SET session_replication_role = replica").await;
        writer
    }

    async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
            Self::Postgres(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
        }
    }

    async fn write(&mut self, table: &Table, cells: Vec<Cell>) {
        match self {
            Self::Sqlite(connection) => insert(connection, table, cells).await,
            Self::Postgres(connection) => copy(connection, table, &cells).await,
        }
    }

    async fn close(mut self) {
        match &mut self {
            // The service never asks SQLite to collect statistics, so the benchmark does not do so either.
            Self::Sqlite(_) => {}
            // A PostgreSQL server does this automatically within minutes.
            Self::Postgres(_) => self.execute("VACUUM ANALYZE").await,
        }
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

/// Inserts rows into SQLite. `cells` has the values of all rows, one row after the other.
async fn insert(connection: &mut SqliteConnection, table: &Table, cells: Vec<Cell>) {
    let width = table.columns.len();
    // Each statement inserts the same number of rows, so that it is prepared only once. Rows that are left over
    // are inserted one by one.
    let batch_rows = 2_000 / width;
    let mut cells = cells.into_iter();
    while cells.len() > 0 {
        let count = if cells.len() >= batch_rows * width { batch_rows } else { 1 };
        let placeholders = format!("({})", vec!["?"; width].join(", "));
        let (names, values) = (table.columns.join(", "), vec![placeholders; count].join(", "));
        let sql = format!("INSERT INTO {} ({names}) VALUES {values}", table.name);
        let mut statement = sqlx::query(AssertSqlSafe(sql));
        for cell in cells.by_ref().take(count * width) {
            statement = match cell {
                Cell::Text(text) => statement.bind(text),
                Cell::Number(number) => statement.bind(number),
                Cell::Null => statement.bind(None::<String>),
            };
        }
        statement.execute(&mut *connection).await.unwrap();
    }
}

/// Inserts rows into PostgreSQL with `COPY`, which is faster than `INSERT`.
async fn copy(connection: &mut PgConnection, table: &Table, cells: &[Cell]) {
    let mut text = String::with_capacity(cells.len() * 24);
    for row in cells.chunks(table.columns.len()) {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push('\t');
            }
            match cell {
                Cell::Text(value) => text.push_str(&value.replace('\\', "\\\\")),
                Cell::Number(number) => text.push_str(&number.to_string()),
                Cell::Null => text.push_str("\\N"),
            }
        }
        text.push('\n');
    }
    let sql = format!("COPY {} ({}) FROM STDIN", table.name, table.columns.join(", "));
    let mut copy = connection.copy_in_raw(&sql).await.unwrap();
    copy.send(text.as_bytes()).await.unwrap();
    copy.finish().await.unwrap();
}
