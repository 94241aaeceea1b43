//! Random histories of gifts at the practice Stripe (a local stand-in for Stripe). Their events are delivered in any
//! order, late, repeatedly, or never. The ledger must still equal what happened, to the cent.
//!
//! A *world* is one random history. `KEEPOPEN_TEST_SEED` is the seed of the first world. If only this variable is set,
//! the test runs only that world. `KEEPOPEN_TEST_EVENTS` is the total number of events. The test runs worlds with
//! consecutive seeds until they have that many events. Each world has at least `KEEPOPEN_TEST_WORLD_EVENTS` events.
//! `KEEPOPEN_TEST_LONG` names a folder in which the progress is stored. The same command then continues with the next
//! seed after the stored ones.

#![expect(
    clippy::print_stdout,
    reason = "the output shows the seed, to reproduce a failure, and the progress of a long run"
)]

mod checking;
mod delivering;
mod driver;
mod model;
mod operations;

use std::io::Write;
use std::path::PathBuf;

use checking::{LedgerSnapshot, check};
use delivering::{EventSet, Losses, deliver_shuffled, deliver_while_running};
use driver::{HERALD, World};

use crate::helpers::TestApp;

/// The minimum number of events per world, unless `KEEPOPEN_TEST_WORLD_EVENTS` is set. For the same total number of
/// events, many short worlds find more bugs than a few long ones.
const WORLD_EVENTS: usize = 700;

fn min_world_events() -> usize {
    number("KEEPOPEN_TEST_WORLD_EVENTS").map_or(WORLD_EVENTS, |events| usize::try_from(events).unwrap())
}

/// Returns the number in an environment variable, if it is set.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Chooses the worlds that a test runs, one after another, and counts their events.
struct Worlds {
    seed: u64,
    /// The number of events in the worlds that have ended.
    events_played: usize,
    /// The number of events after which the test ends.
    events_wanted: usize,
    /// The file in which a long run stores its progress. Each line has a seed and a number of events.
    progress_file: Option<PathBuf>,
}

impl Worlds {
    fn begin(name: &str) -> Self {
        let (seed, events) = (number("KEEPOPEN_TEST_SEED"), number("KEEPOPEN_TEST_EVENTS"));
        let is_on_postgres = std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some();
        let wanted = match (events, seed) {
            (Some(events), _) => usize::try_from(events).unwrap(),
            (None, None) if !is_on_postgres => 2_000,
            // One world is enough on PostgreSQL: it takes a while, and the ledger's logic is the same as on SQLite.
            _ => 1,
        };
        let mut worlds =
            Self { seed: seed.unwrap_or(1), events_played: 0, events_wanted: wanted, progress_file: None };
        if let Some(folder) = std::env::var_os("KEEPOPEN_TEST_LONG") {
            std::fs::create_dir_all(&folder).unwrap();
            let progress_file = PathBuf::from(folder).join(format!("lives_{name}.txt"));
            for line in std::fs::read_to_string(&progress_file).unwrap_or_default().lines() {
                let (seed, events) = line.split_once(' ').unwrap();
                worlds.seed = seed.parse::<u64>().unwrap() + 1;
                worlds.events_played += events.parse::<usize>().unwrap();
            }
            worlds.progress_file = Some(progress_file);
        }
        worlds
    }

    /// Returns the seed of the next world; `None` after the last one.
    fn next(&self) -> Option<u64> {
        (self.events_played < self.events_wanted).then(|| {
            println!("seed {0} begins; KEEPOPEN_TEST_SEED={0} repeats it", self.seed);
            self.seed
        })
    }

    /// Prints and stores the progress after a world has ended.
    fn record(&mut self, gifts: usize, events: usize) {
        self.events_played += events;
        let Self { seed, events_played, events_wanted, .. } = self;
        println!(
            "seed {seed}: {gifts} gifts, {events} events; {events_played} of {events_wanted} events in all"
        );
        if let Some(path) = &self.progress_file {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            writeln!(file, "{seed} {events}").unwrap();
        }
        self.seed += 1;
    }
}

#[tokio::test]
async fn the_ledger_is_correct_in_any_order_of_events_and_with_any_lost_events() {
    let mut worlds = Worlds::begin("shuffled");
    while let Some(seed) = worlds.next() {
        let app = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&app, seed);
        while app.stripe.events_after(min_world_events()).is_empty() {
            world.step().await;
        }
        world.end();
        let event_set = EventSet::collect(&mut world);
        let mut first_ledgers: Option<[LedgerSnapshot; 2]> = None;
        for (shuffle, losses) in (0..).zip([Losses::Same, Losses::Same, Losses::PerOrder]) {
            let [before, after] = deliver_shuffled(&world, &event_set, seed * 3 + shuffle, losses).await;
            let [first_before, first_after] =
                first_ledgers.get_or_insert_with(|| [before.clone(), after.clone()]);
            // Before the comparison with Stripe, the ledgers can be equal only if the same events were lost.
            if losses == Losses::Same {
                let when = format!("shuffle {shuffle} of seed {seed}, before the comparison with Stripe");
                first_before.assert_equal(&before, &when);
            }
            let when = format!("shuffle {shuffle} of seed {seed}");
            match losses {
                Losses::Same => first_after.assert_equal(&after, &when),
                Losses::PerOrder => {
                    let expected = first_after.clone().known_from_objects();
                    expected.assert_equal(&after.known_from_objects(), &when);
                }
            }
        }
        worlds.record(world.gifts.len(), event_set.count());
        app.finish().await;
    }
}

#[tokio::test]
async fn regular_comparisons_with_stripe_keep_the_ledger_correct_while_gifts_are_made() {
    let mut worlds = Worlds::begin("as_it_happens");
    while let Some(seed) = worlds.next() {
        let app = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&app, seed);
        let events = deliver_while_running(&mut world, min_world_events()).await;
        check(&world, &app.app).await;
        worlds.record(world.gifts.len(), events);
        app.finish().await;
    }
}
