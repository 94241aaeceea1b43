//! Measures how long one decision takes, in nanoseconds. Each result is the median of many rounds.
//!
//! Run with `cargo bench -p keepopen-decision`. A world is a set of compiled appeals and a question (a request for a
//! decision). The rounds of all worlds alternate, so that a change in the machine's speed affects all worlds equally.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod worlds;

use std::hint::black_box;
use std::time::{Duration, Instant};

use keepopen_decision::{Known, Question, Verdict, decide};
use worlds::{NOON_MS, World};

const ROUNDS: usize = 25;
const ROUND_DURATION: Duration = Duration::from_millis(20);

fn main() {
    let worlds: Vec<(&str, World)> = vec![
        ("typical: 10 appeals", worlds::typical()),
        ("heavy: 50 appeals, one shows", worlds::heavy(false)),
        ("heavy: 50 appeals, none shows", worlds::heavy(true)),
        ("10 appeals that can't match", worlds::crowd(10)),
        ("100 appeals that can't match", worlds::crowd(100)),
        ("1000 appeals that can't match", worlds::crowd(1000)),
    ];
    let questions: Vec<Question<'_>> = worlds.iter().map(|(_, world)| parse(world)).collect();
    let mut decide_ns = vec![Vec::new(); worlds.len()];
    let mut parse_ns = vec![Vec::new(); worlds.len()];
    for _ in 0..ROUNDS {
        for (place, (_, world)) in worlds.iter().enumerate() {
            decide_ns[place].push(per_call(|| {
                black_box(ask(world, &questions[place]));
            }));
            parse_ns[place].push(per_call(|| {
                black_box(parse(world));
            }));
        }
    }
    println!("{:30} {:>10} {:>10}  verdict", "world", "decide ns", "parse ns");
    for (place, (name, world)) in worlds.iter().enumerate() {
        let verdict = ask(world, &questions[place]).reason();
        let (decide, parse) = (median(&mut decide_ns[place]), median(&mut parse_ns[place]));
        println!("{name:30} {decide:>10} {parse:>10}  {verdict}");
    }
}

fn parse(world: &World) -> Question<'_> {
    serde_json::from_str(&world.question).expect("the question must be valid")
}

fn ask(world: &World, question: &Question<'_>) -> Verdict {
    decide(&world.rules, question, &Known::without_token(), NOON_MS, 0).expect("the site must exist")
}

/// Returns the time of one call, in nanoseconds.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn per_call(mut call: impl FnMut()) -> u128 {
    let (start, thread_ns_before) = (Instant::now(), thread_ns());
    let mut calls = 0;
    while start.elapsed() < ROUND_DURATION {
        for _ in 0..16 {
            call();
        }
        calls += 16;
    }
    let elapsed_ns = start.elapsed().as_nanos();
    thread_ns().zip(thread_ns_before).map_or(elapsed_ns, |(after, before)| after - before) / calls
}

/// Returns how long this thread has run so far, without the time of other threads and programs. Returns `None` if the
/// system does not report it.
fn thread_ns() -> Option<u128> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok()
}

fn median(numbers: &mut [u128]) -> u128 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}
