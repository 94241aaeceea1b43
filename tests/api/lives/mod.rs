//! Random lives of gifts at the practice Stripe, told in any order, late, more than once, or not at all: the ledger is
//! what happened, to the cent.
//!
//! `KEEPOPEN_TEST_SEED` plays one world again; `KEEPOPEN_TEST_LIVES` is how many events there are to be in all, in as
//! many worlds as that takes, from that seed on.

mod checking;
mod deeds;
mod delivering;
mod driver;
mod model;

use checking::{Found, check};
use delivering::{Losses, Mail, as_it_happens, deliver_shuffled};
use driver::{HERALD, World};

use crate::helpers::TestApp;

/// Events of one world; more of it is found by more worlds.
const OF_A_WORLD: usize = 700;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// The worlds to play: the first seed, and how many events there are to be in all.
fn worlds() -> (u64, usize) {
    let (seed, events) = (number("KEEPOPEN_TEST_SEED"), number("KEEPOPEN_TEST_LIVES"));
    let on_server = std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some();
    let events = match (events, seed) {
        (Some(events), _) => usize::try_from(events).unwrap(),
        (None, None) if !on_server => 2_000,
        // One world. On PostgreSQL it takes a while; what differs there is not the books.
        _ => 1,
    };
    (seed.unwrap_or(1), events)
}

#[tokio::test]
async fn in_whatever_order_events_come_or_get_lost_the_ledger_is_what_happened() {
    let (mut seed, wanted) = worlds();
    let mut events = 0;
    while events < wanted {
        println!("seed {seed} begins; KEEPOPEN_TEST_SEED={seed} plays it again");
        let told = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&told, seed);
        while told.stripe.events_after(OF_A_WORLD).is_empty() {
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
            first.assert_equal(&after, &format!("shuffle {shuffle} of seed {seed}"));
        }
        events += mail.events();
        println!(
            "seed {seed}: {} gifts, {} events; {events} of {wanted} in all",
            world.gifts.len(),
            mail.events()
        );
        told.finish().await;
        seed += 1;
    }
}

#[tokio::test]
async fn while_it_happens_what_is_compared_each_day_keeps_the_ledger_right() {
    let (mut seed, wanted) = worlds();
    let mut events = 0;
    while events < wanted {
        println!("seed {seed} begins; KEEPOPEN_TEST_SEED={seed} plays it again");
        let told = TestApp::start_with(HERALD).await;
        let mut world = World::begin(&told, seed);
        events += as_it_happens(&mut world, OF_A_WORLD).await;
        check(&world, &told.app).await;
        println!("seed {seed}: {} gifts; {events} of {wanted} events in all", world.gifts.len());
        told.finish().await;
        seed += 1;
    }
}
