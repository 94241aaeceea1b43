//! Measures how long the database of a mid-size newsroom takes to answer after two years, and how this time grows with
//! the number of supporters.
//!
//! **Owns** the numbers for 200,000 supporters with 3 million payments: `cargo bench --bench newsroom -- 200000`. It
//! also measures a tenth of the given number of supporters. Without a number, it uses 2,000 supporters, which only
//! tests the benchmark.
//! **Never** leaves anything behind: files are in a temporary folder (set `TMPDIR` to move it; 200,000 supporters take
//! about 15 GB).
//! **Start at** `main` below; `gifts.rs` generates the gifts, `load.rs` writes them, and `measure.rs` queries them.
//! **Tested in** this program: it checks the ledger, and checks that the reconciliation finds no difference.
//!
//! By default, it measures SQLite. If `KEEPOPEN_TEST_POSTGRES` names a server, it also measures PostgreSQL
//! (`scripts/with-postgres` starts a server). A name after the number selects one of the two: `-- 200000 postgresql`.
//! Each payment has facts (what the service knows) about three of Stripe's objects: the charge, the invoice or session,
//! and the balance transaction. It also has five links between objects in both directions, three ledger entries
//! (payment, fee, payout) and a row of its own. One payment in 300 is refunded. The inbox is empty, because no measured
//! query reads it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at a terminal")]

mod gifts;
mod load;
mod measure;
mod rows;

use std::path::Path;

use keepopen::clock::Stopwatch;
use keepopen::keys::Vault;
use keepopen::reports::SealKey;
use keepopen::store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use measure::Measured;

/// The allocator that the `keepopen` program uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let supporters: u64 = arguments.next().map_or(2_000, |argument| argument.parse().unwrap());
    let only_database = arguments.next();
    let is_selected = |name: &str| only_database.as_deref().is_none_or(|only| only == name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::TempDir::new().unwrap();
        let [small, large] = [supporters / 10, supporters];
        if is_selected("sqlite") {
            let on_file = [on_sqlite(folder.path(), small).await, on_sqlite(folder.path(), large).await];
            print_table("SQLite", small, large, &on_file);
        }
        if let Some(server) =
            std::env::var("KEEPOPEN_TEST_POSTGRES").ok().filter(|_| is_selected("postgresql"))
        {
            let on_server = [
                on_postgres(&server, folder.path(), small).await,
                on_postgres(&server, folder.path(), large).await,
            ];
            print_table("PostgreSQL", small, large, &on_server);
        }
    });
}

async fn on_sqlite(folder: &Path, supporters: u64) -> Vec<Measured> {
    let own_folder = tempfile::TempDir::new_in(folder).unwrap();
    let file = own_folder.path().join("keepopen.db");
    let measured = measure_all(&format!("sqlite:{}", file.display()), folder, supporters).await;
    println!("  size of the database file: {:.2} GB", std::fs::metadata(file).unwrap().len() as f64 / 1e9);
    measured
}

async fn on_postgres(server: &str, folder: &Path, supporters: u64) -> Vec<Measured> {
    let name = format!("keepopen_newsroom_{supporters}");
    execute(server, format!("CREATE DATABASE {name}")).await;
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    let measured = measure_all(&url, folder, supporters).await;
    execute(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    measured
}

async fn execute(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Fills a new database with this many supporters, and measures every query on it.
async fn measure_all(url: &str, folder: &Path, supporters: u64) -> Vec<Measured> {
    Store::open(url).await.unwrap().close().await;
    let watch = Stopwatch::start();
    let rows = load::load(url, supporters).await;
    let row_count: u64 = rows.iter().map(|(_, count)| count).sum();
    let kind = url.split(':').next().unwrap_or_default();
    println!(
        "{kind}, {supporters} supporters: {row_count} rows loaded in {:.0} s: {rows:?}",
        watch.elapsed_s()
    );
    let store = Store::open(url).await.unwrap();
    let key = SealKey::of(&Vault::open(&Default::default(), &folder.join("key")).unwrap());
    let measured = measure::measure(&store, supporters, &key).await;
    store.close().await;
    measured
}

/// Prints the measurements with a tenth of the supporters and with all of them. The percentile, the CPU time and the
/// memory are those with all supporters.
fn print_table(database: &str, small: u64, large: u64, measured: &[Vec<Measured>; 2]) {
    println!("\n{database}: {small} and {large} supporters");
    println!(
        "{:54} {:>10} {:>10} {:>6} {:>10} {:>10} {:>6} {:>9}",
        "", "a tenth", "all", "ratio", "p99", "CPU time", "ratio", "peak MiB"
    );
    for (small, large) in measured[0].iter().zip(&measured[1]) {
        println!(
            "{:54} {:>10} {:>10} {:>6.1} {:>10} {:>10} {:>6.1} {:>9.0}  {}",
            large.name,
            format_time(small.median_s),
            format_time(large.median_s),
            large.median_s / small.median_s,
            large.p99_s.map_or_else(String::new, format_time),
            format_time(large.cpu_s),
            large.cpu_s / small.cpu_s,
            large.peak_mib,
            large.result,
        );
    }
    println!();
}

fn format_time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
}
