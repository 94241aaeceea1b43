//! Measures the cost of a question, which is the body of a banner request (`POST /v1/banner`). It measures each part of
//! the work, and compares the whole with a bare actix-web handler. That handler reads a body of the same size and sends
//! as many bytes back.
//!
//! **Owns** the numbers for the cost of a decision. Run it with `cargo bench --bench banner` (`-- 3 0.5` for 3 rounds
//! of half a second).
//! **Never** connects to a server that it did not start itself.
//! **Start at** `main` below; the questions are in `worlds.rs`, the clients in `load.rs`.
//! **Tested in** this program: it checks the verdict on each question before it measures the question.
//!
//! For numbers that you want to publish, set `CARGO_PROFILE_BENCH_LTO=thin` and `CARGO_PROFILE_BENCH_CODEGEN_UNITS=1`,
//! as in a release build. The build then takes longer.
//!
//! Each server has one thread. The rounds alternate between all servers, so that a change in the machine's speed
//! affects all of them. The ratios matter most. The table also shows the CPU time of the server's thread per response,
//! which hardly depends on other work on the machine.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at a terminal")]

mod load;
mod memory;
mod parts;
mod worlds;

use std::sync::Arc;
use std::time::Duration;

use keepopen::app::App;
use keepopen::clock::{self, Clock};
use keepopen::ids::SupporterId;
use keepopen::supporters::{MAX_RECENT_STANDINGS, StandingChange, StandingNow};
use keepopen::telemetry::{self, LogFormat};
use keepopen::{actions, api, sites};

use keepopen_decision::Standing;
use load::{Server, request};
use worlds::World;

/// The allocator that the `keepopen` program uses. Both servers use it here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mut number = |default: f64| arguments.next().map_or(default, |argument| argument.parse().unwrap());
    let (rounds, round) = (number(9.0) as usize, Duration::from_secs_f64(number(1.0)));
    // The service creates a tracing span for each request, so the span is part of the cost here too.
    telemetry::start(LogFormat::Human, "info,actix_server=warn").unwrap();
    let runtime = actix_web::rt::System::new();
    runtime.block_on(async {
        let worlds = [World::typical(), World::heavy()];
        let apps = [start(&worlds[0]).await, start(&worlds[1]).await];
        parts::print_costs(&[(&worlds[0], &apps[0]), (&worlds[1], &apps[1])], rounds);
        measure_servers(&worlds, &apps, rounds, round).await;
        memory::print_memory().await;
    });
}

/// Starts a service with the appeals of `world`. Adds as many recent changes of standing (whether somebody is a
/// supporter) as the service can remember.
async fn start(world: &World) -> Arc<App> {
    let folder = world.folder.path();
    let settings = sites::from_toml(&worlds::settings(folder)).unwrap();
    let app = actions::start(settings, Clock::System).await.unwrap();
    assert!(app.snapshot.load().problems.is_empty(), "{:?}", app.snapshot.load().problems);
    app.standings.add((0..MAX_RECENT_STANDINGS).map(|_| changed_standing(app.now_ms())));
    app
}

/// A change of the standing of a new supporter. No question in this benchmark contains a token of this supporter.
fn changed_standing(at_ms: i64) -> StandingChange {
    let halves = [clock::unique_number(), clock::unique_number()].map(u64::to_be_bytes);
    StandingChange {
        supporter: SupporterId::from_bytes(halves.concat().try_into().unwrap()),
        site: "journal".to_owned(),
        changed_at_ms: at_ms,
        now: StandingNow { standing: Standing::Lapsed, quiet_until_ms: None, next: None },
    }
}

/// Measures each question on the service, and on a bare handler with bodies of the same sizes. Prints a table.
async fn measure_servers(worlds: &[World], apps: &[Arc<App>], rounds: usize, round: Duration) {
    let mut cases = Vec::new();
    for (world, app) in worlds.iter().zip(apps) {
        let ours = Server::start(|| {
            let running = api::serve(app).unwrap();
            actix_web::rt::spawn(running.server);
            running.address
        })
        .await;
        for question in world.questions(app) {
            let request_bytes = request("/v1/banner", &question.body);
            let verdict = ours.send_once(&request_bytes).await;
            assert!(verdict.contains(&format!(r#""reason":"{}""#, question.reason)), "{verdict}");
            let response_len = verdict.split("\r\n\r\n").nth(1).unwrap().len();
            let bare = Server::start_bare(response_len).await;
            let sizes = format!("{} bytes sent, {response_len} received", question.body.len());
            cases.push((format!("{}: {}", world.name, question.name), sizes, ours.clone(), request_bytes));
            cases.push((
                "  bare handler, same bodies".to_owned(),
                String::new(),
                bare,
                request("/", &question.body),
            ));
        }
    }
    let mut measured: Vec<Vec<load::Round>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, _, server, bytes), measured) in cases.iter().zip(&mut measured) {
            measured.push(server.measure_round(bytes, round).await);
        }
    }
    println!(
        "\nwhole server: {rounds} rounds of {round:?}, {} connections, one server thread; ratios compare with the bare handler",
        load::CONNECTIONS
    );
    let head = ["per sec.", "ratio", "(min to max)", "CPU us", "ratio", "p50 us", "p99 us", "p99 ratio"];
    let [rate, ratio, range, cpu, cpu_ratio, p50, p99, p99_ratio] = head;
    println!(
        "{:38} {rate:>9} {ratio:>6} {range:>14} {cpu:>11} {cpu_ratio:>6} {p50:>7} {p99:>7} {p99_ratio:>10}",
        ""
    );
    for (index, (name, sizes, _, _)) in cases.iter().enumerate() {
        // The case of the bare handler follows the case of its question, so its index is odd.
        let (own, bare) = (&measured[index], &measured[index | 1]);
        let median_of =
            |rounds: &[load::Round], part: fn(&load::Round) -> f64| median(rounds.iter().map(part));
        let ratios = |part: fn(&load::Round) -> f64| {
            own.iter().zip(bare).map(move |(own, bare)| part(own) / part(bare))
        };
        let rates = || ratios(|round| round.rate);
        let (low, high) = (rates().fold(f64::MAX, f64::min), rates().fold(0.0, f64::max));
        println!(
            "{name:38} {:>9.0} {:>6.2} {:>14} {:>11.1} {:>6.2} {:>7.0} {:>7.0} {:>10.2}  {sizes}",
            median_of(own, |round| round.rate),
            median(rates()),
            format!("{low:.2} to {high:.2}"),
            median_of(own, |round| round.cpu_us),
            // This ratio is inverted, so that a greater value is better, as for the rate.
            1.0 / median(ratios(|round| round.cpu_us)),
            median_of(own, |round| round.p50_us),
            median_of(own, |round| round.p99_us),
            median(ratios(|round| round.p99_us)),
        );
    }
}

/// The median of the values.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
