//! Creates a database for each test.
//!
//! **Owns** the choice of where a test's database is: in a file, or on the PostgreSQL server that
//! `KEEPOPEN_TEST_POSTGRES` names.
//! **Never** creates the tables; the program does that.
//! **Start at** [`Database::make`].
//! **Tested in** every test that stores something.

use std::path::Path;

use sqlx::{Connection, PgConnection};

/// A database that only one test uses. A database on a server is deleted when this value is dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    server: Option<Server>,
}

#[derive(Clone, Debug)]
struct Server {
    url: String,
    name: String,
}

impl Database {
    /// Creates a database on the server that `KEEPOPEN_TEST_POSTGRES` names. Without a server, the database is the file
    /// `keepopen.db` in `folder`.
    pub fn make(folder: &Path) -> Self {
        match std::env::var("KEEPOPEN_TEST_POSTGRES") {
            Ok(server) => Self::on_server(server),
            Err(_) => Self::file(folder),
        }
    }

    /// A database in the file `keepopen.db` in `folder`, for tests that only concern SQLite.
    pub fn file(folder: &Path) -> Self {
        Self { url: format!("sqlite:{}", folder.join("keepopen.db").display()), server: None }
    }

    fn on_server(url: String) -> Self {
        let server = Server { name: format!("keepopen_{:032x}", fastrand::u128(..)), url };
        server.execute(format!("CREATE DATABASE {}", server.name));
        let url = format!("{}/{}", server.url.rsplit_once('/').unwrap().0, server.name);
        Self { url, server: Some(server) }
    }

    /// Returns every row of every table of this database, as text. Returns an empty text for a database in a file.
    pub fn all_rows_as_text(&self) -> String {
        let Some(server) = &self.server else { return String::new() };
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let tables = server.query(&self.url, tables.to_owned());
        let rows = tables
            .iter()
            .flat_map(|table| server.query(&self.url, format!("SELECT CAST(it AS TEXT) FROM {table} it")));
        rows.collect::<Vec<_>>().join("\n")
    }

    /// The URL of the database, for the program's settings.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Server {
    fn execute(&self, sql: String) {
        self.query(&self.url, sql);
    }

    /// Runs a query on its own thread, because the test may already use a runtime. Returns the first column.
    fn query(&self, url: &str, sql: String) -> Vec<String> {
        let url = url.to_owned();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await;
                connection.close().await.unwrap();
                rows.unwrap()
            })
        });
        thread.join().unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.execute(format!("DROP DATABASE {} WITH (FORCE)", server.name));
        }
    }
}
