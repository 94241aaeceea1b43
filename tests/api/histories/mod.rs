//! Random histories of gifts at the practice Stripe, delivered in any order, late, repeatedly, or not at all: the ledger
//! equals what happened, to the cent.
//!
//! `KEEPOPEN_TEST_SEED` repeats one world. `KEEPOPEN_TEST_EVENTS` is the total number of events, in as many worlds as
//! necessary, starting with that seed, each with `KEEPOPEN_TEST_WORLD_EVENTS`. With `KEEPOPEN_TEST_LONG`, the progress is
//! stored in that folder, and the same command continues from there.

#![expect(
    clippy::print_stdout,
    reason = "whoever looks at a failure needs the seed, and a long run its progress"
)]

mod checking;
mod delivering;
mod driver;
mod model;
mod operations;

use std::io::Write;
use std::path::PathBuf;

use checking::{Found, check};
use delivering::{Losses, Mail, as_it_happens, deliver_shuffled};
use driver::{HERALD, World};

use crate::helpers::TestApp;

/// Events per world, unless the environment says otherwise; more worlds find more than longer ones.
const WORLD_EVENTS: usize = 700;

fn world_events() -> usize {
    number("KEEPOPEN_TEST_WORLD_EVENTS").map_or(WORLD_EVENTS, |events| usize::try_from(events).unwrap())
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Worlds, one after another.
struct Worlds {
    seed: u64,
    played: usize,
    wanted: usize,
    /// The file in which a long run stores its progress: a seed and a number of events per line.
    kept: Option<PathBuf>,
}

impl Worlds {
    fn begin(name: &str) -> Self {
        let (seed, events) = (number("KEEPOPEN_TEST_SEED"), number("KEEPOPEN_TEST_EVENTS"));
        let on_server = std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some();
        let wanted = match (events, seed) {
            (Some(events), _) => usize::try_from(events).unwrap(),
            (None, None) if !on_server => 2_000,
            // One world. On PostgreSQL it takes a while, and the ledger's logic is the same there.
            _ => 1,
        };
        let mut worlds = Self { seed: seed.unwrap_or(1), played: 0, wanted, kept: None };
        if let Some(folder) = std::env::var_os("KEEPOPEN_TEST_LONG") {
            std::fs::create_dir_all(&folder).unwrap();
            let kept = PathBuf::from(folder).join(format!("lives_{name}.txt"));
            for line in std::fs::read_to_string(&kept).unwrap_or_default().lines() {
                let (seed, events) = line.split_once(' ').unwrap();
                worlds.seed = seed.parse::<u64>().unwrap() + 1;
                worlds.played += events.parse::<usize>().unwrap();
            }
            worlds.kept = Some(kept);
        }
        worlds
    }

    /// The seed of the next world, if there is one.
    fn next(&self) -> Option<u64> {
        (self.played < self.wanted).then(|| {
            println!("seed {0} begins; KEEPOPEN_TEST_SEED={0} plays it again", self.seed);
            self.seed
        })
    }

    fn played(&mut self, gifts: usize, events: usize) {
        self.played += events;
        let Self { seed, played, wanted, .. } = self;
        println!("seed {seed}: {gifts} gifts, {events} events; {played} of {wanted} in all");
        if let Some(kept) = &self.kept {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(kept).unwrap();
            writeln!(file, "{seed} {events}").unwrap();
        }
        self.seed += 1;
    }
}

#[tokio::test]
async fn in_whatever_order_events_come_or_get_lost_the_ledger_is_what_happened() {
    let mut worlds = Worlds::begin("shuffled");
    while let Some(seed) = worlds.next() {
        let told = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&told, seed);
        while told.stripe.events_after(world_events()).is_empty() {
            world.step().await;
        }
        world.end();
        let mail = Mail::of(&mut world);
        let mut first: Option<[Found; 2]> = None;
        for (shuffle, losses) in (0..).zip([Losses::Same, Losses::Same, Losses::Other]) {
            let [before, after] = deliver_shuffled(&world, &mail, seed * 3 + shuffle, losses).await;
            let [before_first, first] = first.get_or_insert_with(|| [before.clone(), after.clone()]);
            // Without a comparison with Stripe, only what was delivered can be the same.
            if losses == Losses::Same {
                before_first.assert_equal(&before, &format!("shuffle {shuffle} of seed {seed}, before"));
            }
            let when = format!("shuffle {shuffle} of seed {seed}");
            match losses {
                Losses::Same => first.assert_equal(&after, &when),
                Losses::Other => {
                    first.clone().known_from_objects().assert_equal(&after.known_from_objects(), &when);
                }
            }
        }
        worlds.played(world.gifts.len(), mail.events());
        told.finish().await;
    }
}

#[tokio::test]
async fn while_it_happens_what_is_compared_each_day_keeps_the_ledger_right() {
    let mut worlds = Worlds::begin("as_it_happens");
    while let Some(seed) = worlds.next() {
        let told = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&told, seed);
        let events = as_it_happens(&mut world, world_events()).await;
        check(&world, &told.app).await;
        worlds.played(world.gifts.len(), events);
        told.finish().await;
    }
}
