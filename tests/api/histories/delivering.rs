//! How events arrive: late, repeatedly, in any order, not at all, and in the shape of any API generation (see
//! `generations.rs`).

use std::collections::HashSet;
use std::sync::Arc;

use keepopen::actions;
use keepopen::app::App;
use keepopen::clock::{Clock, DAY_MS};
use serde_json::Value;

use super::checking::{Found, check, found};
use super::driver::{HERALD, World};
use crate::generations::{GENERATIONS, Templates, fill_up, templates};
use crate::helpers::{folder, settings};
use crate::queue::process_everything;
use crate::story::{Ties, receive};
use keepopen_testkit::Database;

/// The percentage of events that are never delivered. Stripe still lists them.
const NEVER_DELIVERED: u8 = 5;

/// Gives events the shape of an API generation.
pub struct Shapes {
    templates: Vec<Templates>,
}

impl Shapes {
    pub fn new() -> Self {
        Self { templates: GENERATIONS.iter().map(|it| templates(it.folder)).collect() }
    }

    /// Returns the event in the shape of a random generation.
    fn some(&self, random: &mut fastrand::Rng, ties: &Ties, event: &Value) -> Value {
        loop {
            let at = random.usize(0..GENERATIONS.len());
            // Some generations do not have this event, so another one is tried.
            if let Some(mut shaped) = GENERATIONS[at].shape(ties, event) {
                fill_up(&mut shaped, &self.templates[at]);
                return shaped;
            }
        }
    }
}

/// All events of a world that Stripe lists.
pub struct Mail {
    events: Vec<Letter>,
    lost: usize,
}

/// An event and how it is delivered.
struct Letter {
    /// The event in the shapes of two random generations.
    shapes: [Value; 2],
    /// Whether the event is delivered with [`Losses::Same`].
    arrives: bool,
}

/// Which events are not delivered, and in which shapes the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// The same for every order: [`Letter::arrives`] decides, and each event has one shape.
    Same,
    /// Random for each order. Each event can have two shapes.
    Other,
}

impl Mail {
    /// Collects the events that Stripe lists.
    pub fn of(world: &mut World<'_>) -> Self {
        let (stripe, shapes) = (&world.told.stripe, Shapes::new());
        let (ties, lost) = (Ties::of(stripe), lost(world));
        let kept = |event: &Value| !lost.contains(event["id"].as_str().unwrap());
        let random = &mut world.random;
        let thin = stripe.thin_events().into_iter().filter(kept).map(|event| [event.clone(), event]);
        let thin: Vec<[Value; 2]> = thin.collect();
        let events = stripe.events().into_iter().filter(kept);
        let events = events.map(|event| [(); 2].map(|()| shapes.some(random, &ties, &event)));
        let shapes: Vec<[Value; 2]> = events.chain(thin).collect();
        let letter = |shapes| Letter { shapes, arrives: random.u8(0..100) >= NEVER_DELIVERED };
        Self { events: shapes.into_iter().map(letter).collect(), lost: lost.len() }
    }

    /// The number of events, including those that Stripe does not list.
    pub fn events(&self) -> usize {
        self.events.len() + self.lost
    }

    /// Returns the events to deliver in a random order, each one to five times.
    fn shuffled(&self, random: &mut fastrand::Rng, losses: Losses) -> Vec<&Value> {
        let mut delivered = Vec::new();
        for letter in &self.events {
            let (arrives, shapes) = match losses {
                Losses::Same => (letter.arrives, 1),
                Losses::Other => (random.u8(0..100) >= NEVER_DELIVERED, 2),
            };
            let times = if arrives { random.usize(1..=5) } else { 0 };
            delivered.extend((0..times).map(|_| &letter.shapes[random.usize(0..shapes)]));
        }
        random.shuffle(&mut delivered);
        delivered
    }
}

fn lost(world: &World<'_>) -> HashSet<String> {
    world.told.stripe.lost().into_iter().collect()
}

/// Delivers the events to a new server, which then compares once with Stripe. Returns the ledger before and after the
/// comparison. The ledger after it is compared with the model.
pub async fn deliver_shuffled(world: &World<'_>, mail: &Mail, seed: u64, losses: Losses) -> [Found; 2] {
    let mut random = fastrand::Rng::with_seed(seed);
    let told = world.told;
    let folder = folder();
    std::fs::copy(told.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(told.app.now_ms()).unwrap());
    let database = Database::make(folder.path());
    let settings = settings(folder.path(), &database, &told.stripe, HERALD);
    let app = actions::start(settings, clock).await.unwrap();
    deliver(&app, &mail.shuffled(&mut random, losses), &mut random).await;
    let before = found(&app).await;
    actions::reconcile_since(&app, &app.as_job("reconcile"), world.began_s, true).await.unwrap();
    let after = check(world, &app).await;
    app.store.close().await;
    [before, after]
}

async fn deliver(app: &Arc<App>, events: &[&Value], random: &mut fastrand::Rng) {
    for event in events {
        receive(app, event).await;
        if random.u8(0..40) == 0 {
            process_everything(app).await;
        }
        app.clock.advance(random.i64(0..120_000));
    }
    process_everything(app).await;
}

/// Delivers events while the world goes on, at once or up to three days later. Compares with Stripe now and then.
/// Returns the number of events.
pub async fn as_it_happens(world: &mut World<'_>, events: usize) -> usize {
    let (app, stripe) = (&world.told.app, &world.told.stripe);
    let shapes = Shapes::new();
    let (mut seen, mut under_way): (usize, Vec<(i64, Value)>) = (0, Vec::new());
    let mut thin = 0;
    while seen < events {
        world.step().await;
        for event in &stripe.thin_events()[thin..] {
            receive(app, event).await;
            thin += 1;
        }
        seen += hand_over(world, &shapes, seen, &mut under_way);
        deliver_due(app, &mut under_way).await;
        if world.random.u8(0..6) == 0 {
            actions::reconcile_due(app, &app.as_job("reconcile")).await.unwrap();
            process_everything(app).await;
        }
    }
    world.end();
    hand_over(world, &shapes, seen, &mut under_way);
    app.clock.advance(3 * DAY_MS);
    deliver_due(app, &mut under_way).await;
    assert!(under_way.is_empty());
    // Objects are compared once a day, so what only they report is known a day later.
    app.clock.advance(DAY_MS);
    actions::reconcile_due(app, &app.as_job("reconcile")).await.unwrap();
    process_everything(app).await;
    stripe.events_after(0).len()
}

/// Takes the new events from Stripe and schedules their deliveries. Returns how many events there were.
fn hand_over(
    world: &mut World<'_>,
    shapes: &Shapes,
    seen: usize,
    under_way: &mut Vec<(i64, Value)>,
) -> usize {
    let (stripe, now_ms) = (&world.told.stripe, world.told.app.now_ms());
    let new = stripe.events_after(seen);
    if new.is_empty() {
        return 0;
    }
    let (ties, lost) = (Ties::of(stripe), lost(world));
    for event in &new {
        if lost.contains(event["id"].as_str().unwrap()) || world.random.u8(0..100) < NEVER_DELIVERED {
            continue;
        }
        for _ in 0..world.random.usize(1..=5) {
            let late_ms = if world.random.u8(0..3) == 0 { world.random.i64(0..3 * DAY_MS) } else { 0 };
            under_way.push((now_ms + late_ms, shapes.some(&mut world.random, &ties, event)));
        }
    }
    new.len()
}

async fn deliver_due(app: &Arc<App>, under_way: &mut Vec<(i64, Value)>) {
    let now_ms = app.now_ms();
    let (due, later): (Vec<_>, Vec<_>) = under_way.drain(..).partition(|(at_ms, _)| *at_ms <= now_ms);
    *under_way = later;
    for (_, event) in &due {
        receive(app, event).await;
    }
    process_everything(app).await;
}
