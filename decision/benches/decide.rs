//! What one decision costs, in nanoseconds: the median of many rounds.
//!
//! Run with `cargo bench -p keepopen-decision`. Rounds of all worlds alternate, so that a machine whose speed drifts
//! slows all of them.

#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod worlds;

use std::hint::black_box;
use std::time::{Duration, Instant};

use keepopen_decision::{Known, Question, Verdict, decide};
use worlds::{NOON_MS, World};

const ROUNDS: usize = 25;
const ROUND: Duration = Duration::from_millis(20);

fn main() {
    let worlds: Vec<(&str, World)> = vec![
        ("typical: 10 appeals", worlds::typical()),
        ("heavy: 50 appeals, shows", worlds::heavy(false)),
        ("heavy: 50 appeals, silent", worlds::heavy(true)),
        ("10 that can't match", worlds::crowd(10)),
        ("100 that can't match", worlds::crowd(100)),
        ("1000 that can't match", worlds::crowd(1000)),
    ];
    let questions: Vec<Question<'_>> = worlds
        .iter()
        .map(|(_, world)| serde_json::from_str(&world.question).expect("the question is well written"))
        .collect();
    let mut decide_ns = vec![Vec::new(); worlds.len()];
    let mut parse_ns = vec![Vec::new(); worlds.len()];
    for _ in 0..ROUNDS {
        for (place, (_, world)) in worlds.iter().enumerate() {
            decide_ns[place].push(per_call(|| {
                black_box(ask(world, &questions[place]));
            }));
            parse_ns[place].push(per_call(|| {
                black_box(serde_json::from_str::<Question<'_>>(&world.question).expect("well written"));
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

fn ask(world: &World, question: &Question<'_>) -> Verdict {
    decide(&world.rules, question, &Known::nobody(), NOON_MS, 0).expect("the site is there")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn per_call(mut call: impl FnMut()) -> u128 {
    let (start, work_before) = (Instant::now(), work_ns());
    let mut calls = 0;
    while start.elapsed() < ROUND {
        for _ in 0..16 {
            call();
        }
        calls += 16;
    }
    let elapsed_ns = start.elapsed().as_nanos();
    work_ns().zip(work_before).map_or(elapsed_ns, |(after, before)| after - before) / calls
}

/// How long this thread was at work so far: what else the machine does is not in it. Nothing where the system does not tell.
fn work_ns() -> Option<u128> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}

fn median(numbers: &mut [u128]) -> u128 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}
