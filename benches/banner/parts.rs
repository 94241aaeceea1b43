//! Measures the cost of each part of a response, without a server.

use std::hint::black_box;
use std::time::{Duration, Instant};

use keepopen::api;
use keepopen::app::App;
use keepopen::keys::CheckPurpose;
use keepopen_decision::{Known, Question, Standing, decide, fast_question};

use super::median;
use super::worlds::World;

/// How long one round calls one part.
const ROUND: Duration = Duration::from_millis(20);

/// Prints the cost of each part in nanoseconds. Each number is the median of all rounds.
pub fn print_costs(worlds: &[(&World, &std::sync::Arc<App>)], rounds: usize) {
    println!("the time of one response in nanoseconds, median of {rounds} rounds");
    println!(
        "{:38} {:>8} {:>14} {:>8} {:>18} {:>8}",
        "", "parse", "verify(cached)", "decide", "sign and serialise", "all"
    );
    for (world, app) in worlds {
        for sample in world.questions(app) {
            let body = sample.body.as_bytes();
            let question: Question<'_> = serde_json::from_slice(body).unwrap();
            let snapshot = app.snapshot.load();
            let now_ms = app.now_ms();
            let check = |token: &str| {
                app.tokens.check(token, CheckPurpose::Asking, "journal", now_ms).unwrap().standing
            };
            let standing = question.token.as_deref().map_or(Standing::None, check);
            let known = Known { standing, ..Known::without_token() };
            let [mut parse, mut verify, mut decided, mut all] = [const { Vec::new() }; 4];
            for _ in 0..rounds {
                parse.push(per_call(|| {
                    let text = std::str::from_utf8(black_box(body)).unwrap();
                    black_box(fast_question(text).unwrap());
                }));
                verify.push(per_call(|| {
                    black_box(question.token.as_deref().map(|token| check(black_box(token))));
                }));
                decided.push(per_call(|| {
                    black_box(decide(&snapshot.compiled, black_box(&question), &known, now_ms, 0).unwrap());
                }));
                all.push(per_call(|| {
                    black_box(api::verdict_json(app, black_box(body)).unwrap());
                }));
            }
            let [parse, verify, decided, all] =
                [parse, verify, decided, all].map(|times| median(times.into_iter()));
            let rest = all - parse - verify - decided;
            let name = format!("{}: {}", world.name, sample.name);
            println!("{name:38} {parse:>8.0} {verify:>14.0} {decided:>8.0} {rest:>18.0} {all:>8.0}");
        }
    }
}

/// Repeats a call for one round. Returns the time per call in nanoseconds. This is CPU time if the system reports it,
/// and elapsed time otherwise.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn per_call(mut call: impl FnMut()) -> f64 {
    let (start, cpu_before, mut calls) = (Instant::now(), cpu_time_ns(), 0_u32);
    while start.elapsed() < ROUND {
        (0..16).for_each(|_| call());
        calls += 16;
    }
    let elapsed_ns = start.elapsed().as_nanos() as f64;
    cpu_time_ns().zip(cpu_before).map_or(elapsed_ns, |(after, before)| after - before) / f64::from(calls)
}

/// The CPU time that this thread has used so far, which does not depend on other work on the machine. `None` if the
/// system does not report it.
fn cpu_time_ns() -> Option<f64> {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    schedstat.split(' ').next()?.parse().ok()
}
