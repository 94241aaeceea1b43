//! How events come: late, more than once, in the shape of any generation, in any order, or not at all.

use std::collections::HashSet;
use std::sync::Arc;

use keepopen::actions;
use keepopen::app::App;
use keepopen::clock::{Clock, DAY_MS};
use serde_json::Value;

use super::checking::{Found, check};
use super::driver::{HERALD, World};
use crate::databases::Database;
use crate::generations::{GENERATIONS, Templates, fill_up, templates};
use crate::helpers::{folder, settings};
use crate::story::{Ties, receive};

/// So many of a hundred events are never delivered, though Stripe lists them.
const NEVER_DELIVERED: u8 = 5;

/// Events in the shapes of several generations.
pub struct Shapes {
    templates: Vec<Templates>,
}

impl Shapes {
    pub fn new() -> Self {
        Self { templates: GENERATIONS.iter().map(|it| templates(it.folder)).collect() }
    }

    /// An event as an endpoint of some generation carries it.
    fn some(&self, random: &mut fastrand::Rng, ties: &Ties, event: &Value) -> Value {
        loop {
            let at = random.usize(0..GENERATIONS.len());
            // Some generations have no such event.
            if let Some(mut shaped) = GENERATIONS[at].shape(ties, event) {
                fill_up(&mut shaped, &self.templates[at]);
                return shaped;
            }
        }
    }
}

/// All that Stripe has to tell: of each event, how it may be worded.
pub struct Mail {
    events: Vec<[Value; 2]>,
    thin: Vec<Value>,
    lost: usize,
}

impl Mail {
    /// What Stripe did not lose.
    pub fn of(world: &mut World<'_>) -> Self {
        let (stripe, shapes) = (&world.told.stripe, Shapes::new());
        let (ties, lost) = (Ties::of(stripe), lost(world));
        let kept = |event: &Value| !lost.contains(event["id"].as_str().unwrap());
        let events = stripe.events().into_iter().filter(kept);
        let events = events.map(|event| [(); 2].map(|()| shapes.some(&mut world.random, &ties, &event)));
        let events = events.collect();
        let thin = stripe.thin_events().into_iter().filter(kept).collect();
        Self { events, thin, lost: lost.len() }
    }

    /// How many events there were, also those that Stripe lost.
    pub fn events(&self) -> usize {
        self.events.len() + self.thin.len() + self.lost
    }

    /// What is delivered, in some order.
    fn shuffled(&self, random: &mut fastrand::Rng) -> Vec<&Value> {
        let mut delivered = Vec::new();
        let thin = self.thin.iter().map(|event| [event, event]);
        for shapes in self.events.iter().map(|[one, other]| [one, other]).chain(thin) {
            if random.u8(0..100) >= NEVER_DELIVERED {
                let times = random.usize(1..=5);
                delivered.extend((0..times).map(|_| shapes[random.usize(0..2)]));
            }
        }
        random.shuffle(&mut delivered);
        delivered
    }
}

fn lost(world: &World<'_>) -> HashSet<String> {
    world.told.stripe.lost().into_iter().collect()
}

/// Delivers to a server of its own, which then compares once with Stripe; and checks what it has in the end.
pub async fn deliver_shuffled(world: &World<'_>, mail: &Mail, seed: u64) -> Found {
    let mut random = fastrand::Rng::with_seed(seed);
    let told = world.told;
    let folder = folder();
    std::fs::copy(told.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(told.app.now_ms()).unwrap());
    let database = Database::make(folder.path());
    let settings = settings(folder.path(), &database, &told.stripe, HERALD);
    let app = actions::start(settings, clock).await.unwrap();
    let mut delivered = mail.shuffled(&mut random);
    // The last few come when all is known already.
    let late = delivered.split_off(delivered.len() - delivered.len() / 50);
    deliver(&app, &delivered, &mut random).await;
    actions::reconcile_since(&app, world.began_s, true).await.unwrap();
    deliver(&app, &late, &mut random).await;
    let found = check(world, &app).await;
    app.store.close().await;
    found
}

async fn deliver(app: &Arc<App>, events: &[&Value], random: &mut fastrand::Rng) {
    for event in events {
        receive(app, event).await;
        if random.u8(0..40) == 0 {
            actions::process_due_events(app).await.unwrap();
        }
        app.clock.advance(random.i64(0..120_000));
    }
    actions::process_due_events(app).await.unwrap();
}

/// Delivers while it happens, at once or up to three days later, and compares with Stripe now and then. How many
/// events there were.
pub async fn as_it_happens(world: &mut World<'_>, events: usize) -> usize {
    let (app, stripe) = (&world.told.app, &world.told.stripe);
    let shapes = Shapes::new();
    let (mut seen, mut under_way): (usize, Vec<(i64, Value)>) = (0, Vec::new());
    while seen < events {
        world.step().await;
        seen += hand_over(world, &shapes, seen, &mut under_way);
        deliver_due(app, &mut under_way).await;
        if world.random.u8(0..6) == 0 {
            actions::reconcile_due(app).await.unwrap();
            actions::process_due_events(app).await.unwrap();
        }
    }
    world.end();
    hand_over(world, &shapes, seen, &mut under_way);
    app.clock.advance(3 * DAY_MS);
    deliver_due(app, &mut under_way).await;
    assert!(under_way.is_empty());
    // What objects tell is known a day later.
    app.clock.advance(DAY_MS);
    actions::reconcile_due(app).await.unwrap();
    actions::process_due_events(app).await.unwrap();
    stripe.events_after(0).len()
}

/// Takes new events from Stripe; how many there were.
fn hand_over(
    world: &mut World<'_>,
    shapes: &Shapes,
    seen: usize,
    under_way: &mut Vec<(i64, Value)>,
) -> usize {
    let (stripe, now_ms) = (&world.told.stripe, world.told.app.now_ms());
    let (ties, lost) = (Ties::of(stripe), lost(world));
    let new = stripe.events_after(seen);
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
    actions::process_due_events(app).await.unwrap();
}
