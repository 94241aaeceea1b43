//! Measures how fast the service acknowledges webhook deliveries. The service must store each delivery on disk first.
//! Compares this with the limit of the same database on the same disk: one commit per event, made with sqlx and without
//! the service. The output calls this limit "raw". Rounds alternate between the two. The output shows the medians.
//!
//! Run it with `cargo bench --bench intake`. To measure PostgreSQL too, use
//! `POSTGRES_DURABLE=1 scripts/with-postgres cargo bench --bench intake`. Two optional numbers set the rounds (7) and
//! the seconds per measurement (1). `INTAKE_FOLDER` names a folder on the disk to measure; by default, the files are
//! in Cargo's target folder.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at a terminal")]

mod disk;
mod events;
mod load;
mod raw;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::telemetry::{self, LogFormat};
use keepopen::{actions, api, jobs, sites};
use tempfile::TempDir;

use events::Events;
use keepopen_testkit::Database;
use load::{Pairs, Throughput};
use raw::Raw;

/// The allocator that the `keepopen` program uses. Both sides use it here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many deliveries are sent at the same time. Each number is measured separately.
const CONCURRENCY: [usize; 2] = [64, 256];

/// How many rounds are measured, and how long one measurement takes.
#[derive(Clone, Copy)]
struct Plan {
    rounds: usize,
    duration: Duration,
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mut number = |default: f64| arguments.next().map_or(default, |argument| argument.parse().unwrap());
    let plan = Plan { rounds: number(7.0) as usize, duration: Duration::from_secs_f64(number(1.0)) };
    // The service creates a tracing span for each request, so the span is part of the cost here too.
    telemetry::start(LogFormat::Human, "info,actix_server=warn").unwrap();
    System::new().block_on(async {
        let on_disk = || TempDir::new_in(disk::folder()).unwrap();
        let folder = on_disk();
        disk::print_location(folder.path());
        let databases =
            [Database::file(&folder.path().join("ours")), Database::file(&folder.path().join("raw"))];
        measure("SQLite, synchronous=FULL", folder.path(), databases, plan).await;
        if let Some(memory) = disk::memory() {
            let folder = TempDir::new_in(memory).unwrap();
            let databases =
                [Database::file(&folder.path().join("ours")), Database::file(&folder.path().join("raw"))];
            let (_, mut sides) = Sides::open(folder.path(), databases).await;
            let pairs = sides.pairs(plan).await;
            println!("  the same in memory, without the disk: {}", added_time(&pairs));
        }
        if std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some() {
            let folder = on_disk();
            let databases = [Database::make(folder.path()), Database::make(folder.path())];
            let settings = raw::durability(databases[1].url()).await;
            measure(&format!("\nPostgreSQL, {settings}"), folder.path(), databases, plan).await;
        }
    });
}

/// The two sides of the comparison: the service, and the raw database without the service.
struct Sides {
    ours: load::Server,
    raw: Raw,
    events: Events,
    _databases: [Database; 2],
}

impl Sides {
    async fn open(folder: &Path, databases: [Database; 2]) -> (Arc<App>, Self) {
        let [ours, raw] = &databases;
        let text = format!(
            r#"
data_dir = "{folder}"
[server]
bind = "127.0.0.1:0"
public_url = "https://give.example.org/"
[database]
url = "{}"
[stripe]
webhook_secrets = ["{}"]
"#,
            ours.url(),
            events::SECRET,
            folder = folder.display(),
        );
        let app = actions::start(sites::from_toml(&text).unwrap(), Clock::System).await.unwrap();
        let running = api::serve(&app).unwrap();
        actix_web::rt::spawn(running.server);
        let raw = Raw::open(raw.url()).await;
        let sides =
            Self { ours: load::Server(running.address), raw, events: Events::new(), _databases: databases };
        (app, sides)
    }

    /// Measures one connection. Both sides store events in turn, so that they use the disk under the same conditions.
    async fn pairs(&mut self, plan: Plan) -> Vec<Pairs> {
        let mut rounds = Vec::new();
        for _ in 0..plan.rounds {
            let duration = plan.duration * 2;
            rounds.push(load::measure_pairs(self.ours, &mut self.raw, &mut self.events, duration).await);
        }
        rounds
    }
}

/// Measures both sides on these databases, and prints a table.
async fn measure(name: &str, folder: &Path, databases: [Database; 2], plan: Plan) {
    let (app, mut sides) = Sides::open(folder, databases).await;
    println!("{name}: {} rounds of {:?}", plan.rounds, plan.duration);
    let (mut pairs, mut raw) = (Vec::new(), Vec::new());
    let mut ours = CONCURRENCY.map(|_| Vec::new());
    for _ in 0..plan.rounds {
        let duration = plan.duration * 2;
        pairs.push(load::measure_pairs(sides.ours, &mut sides.raw, &mut sides.events, duration).await);
        for (concurrency, measured) in CONCURRENCY.iter().zip(&mut ours) {
            let raw_rate = load::measure_raw_rate(&mut sides.raw, &mut sides.events, plan.duration).await;
            let requests = sides.events.requests(*concurrency, plan.duration);
            measured.push((
                raw_rate,
                load::measure_many_connections(sides.ours, requests, *concurrency, plan.duration, &app).await,
            ));
            raw.push(raw_rate);
        }
    }
    println!("  one connection: {}", added_time(&pairs));
    println!(
        "  {:34} {:>8} {:>9} {:>15} {:>9} {:>9} {:>11}",
        "", "per sec.", "times raw", "(min to max)", "p50 us", "p99 us", "per commit"
    );
    println!("  {:34} {:>8.0}", "raw: one commit per event", median(raw.into_iter()));
    for (concurrency, measured) in CONCURRENCY.iter().zip(&ours) {
        print_row(&format!("{concurrency} deliveries at once"), measured);
    }
    // The same measurement is repeated while a worker processes the inbox, which uses the same database and disk.
    let jobs = jobs::run(&app);
    let mut busy = Vec::new();
    for _ in 0..plan.rounds.min(3) {
        let raw_rate = load::measure_raw_rate(&mut sides.raw, &mut sides.events, plan.duration).await;
        let requests = sides.events.requests(CONCURRENCY[0], plan.duration);
        busy.push((
            raw_rate,
            load::measure_many_connections(sides.ours, requests, CONCURRENCY[0], plan.duration, &app).await,
        ));
    }
    app.begin_stopping();
    jobs.stop(&app).await;
    print_row(&format!("{} at once while events are booked", CONCURRENCY[0]), &busy);
    app.intake.finish().await;
    app.store.close().await;
}

/// Prints one line of the table. Each measurement has the rate of raw commits that was measured just before it.
fn print_row(name: &str, measured: &[(f64, Throughput)]) {
    let median_of =
        |part: fn(&Throughput) -> f64| median(measured.iter().map(|(_, throughput)| part(throughput)));
    let times = || measured.iter().map(|(raw, throughput)| throughput.rate / raw);
    let (low, high) = (times().fold(f64::MAX, f64::min), times().fold(0.0, f64::max));
    println!(
        "  {name:34} {:>8.0} {:>9.1} {:>15} {:>9.0} {:>9.0} {:>11.1}",
        median_of(|throughput| throughput.rate),
        median(times()),
        format!("{low:.1} to {high:.1}"),
        median_of(|throughput| throughput.p50_us),
        median_of(|throughput| throughput.p99_us),
        median_of(|throughput| throughput.deliveries_per_commit),
    );
}

/// Describes how much longer an acknowledgement takes than a raw commit.
fn added_time(rounds: &[Pairs]) -> String {
    let added = || rounds.iter().map(|round| round.ours_us - round.raw_us);
    let (low, high) = (added().fold(f64::MAX, f64::min), added().fold(f64::MIN, f64::max));
    format!(
        "{:.0} us added ({low:.0} to {high:.0}) to a raw commit of {:.0} us; p99 {:.0} us, raw {:.0} us; {} pairs",
        median(added()),
        median(rounds.iter().map(|round| round.raw_us)),
        median(rounds.iter().map(|round| round.ours_p99_us)),
        median(rounds.iter().map(|round| round.raw_p99_us)),
        rounds.iter().map(|round| round.count).sum::<usize>(),
    )
}

/// The median of the values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
