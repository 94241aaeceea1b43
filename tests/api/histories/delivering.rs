//! How events arrive: late, repeatedly, in any order, not at all, and in the shape of any API generation (see
//! `generations.rs`).

use std::collections::HashSet;
use std::sync::Arc;

use keepopen::actions;
use keepopen::app::App;
use keepopen::clock::{Clock, DAY_MS};
use serde_json::Value;

use super::checking::{LedgerSnapshot, check, read_ledger};
use super::driver::{HERALD, World};
use crate::generations::{GENERATIONS, Templates, add_missing_fields, templates};
use crate::helpers::{folder, settings};
use crate::queue::process_inbox_and_queue;
use crate::story::{ObjectLinks, receive};
use keepopen_testkit::Database;

/// The percentage of events that are never delivered to the server. Stripe still lists them.
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
    fn random_shape(&self, random: &mut fastrand::Rng, links: &ObjectLinks, event: &Value) -> Value {
        loop {
            let index = random.usize(0..GENERATIONS.len());
            // Some generations do not have this event, so another one is tried.
            if let Some(mut shaped) = GENERATIONS[index].shape(links, event) {
                add_missing_fields(&mut shaped, &self.templates[index]);
                return shaped;
            }
        }
    }
}

/// All events of a world (one random history) that Stripe lists.
pub struct EventSet {
    events: Vec<PlannedEvent>,
    /// How many other events Stripe neither delivers nor lists.
    lost: usize,
}

/// An event and how it is delivered.
struct PlannedEvent {
    /// The event in the shapes of two random generations.
    shapes: [Value; 2],
    /// Whether the event is delivered with [`Losses::Same`].
    is_delivered: bool,
}

/// Decides which events are not delivered, and which shape each of the others has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// The same for every order: [`PlannedEvent::is_delivered`] decides, and each event has one shape.
    Same,
    /// Random for each order. Each event can have two shapes.
    PerOrder,
}

impl EventSet {
    /// Collects the events that Stripe lists.
    pub fn collect(world: &mut World<'_>) -> Self {
        let (stripe, shapes) = (&world.test_app.stripe, Shapes::new());
        let (links, lost) = (ObjectLinks::read_from(stripe), lost_event_ids(world));
        let is_listed = |event: &Value| !lost.contains(event["id"].as_str().unwrap());
        let random = &mut world.random;
        // A thin event does not contain its object, so it has the same form in every generation.
        let thin = stripe.thin_events().into_iter().filter(is_listed).map(|event| [event.clone(), event]);
        let thin: Vec<[Value; 2]> = thin.collect();
        let events = stripe.events().into_iter().filter(is_listed);
        let events = events.map(|event| [(); 2].map(|()| shapes.random_shape(random, &links, &event)));
        let shapes: Vec<[Value; 2]> = events.chain(thin).collect();
        let planned = |shapes| PlannedEvent { shapes, is_delivered: random.u8(0..100) >= NEVER_DELIVERED };
        Self { events: shapes.into_iter().map(planned).collect(), lost: lost.len() }
    }

    /// The number of events, including those that Stripe does not list.
    pub fn count(&self) -> usize {
        self.events.len() + self.lost
    }

    /// Returns the events to deliver in a random order, each one to five times.
    fn shuffled(&self, random: &mut fastrand::Rng, losses: Losses) -> Vec<&Value> {
        let mut delivered = Vec::new();
        for planned in &self.events {
            let (is_delivered, shapes) = match losses {
                Losses::Same => (planned.is_delivered, 1),
                Losses::PerOrder => (random.u8(0..100) >= NEVER_DELIVERED, 2),
            };
            let times = if is_delivered { random.usize(1..=5) } else { 0 };
            delivered.extend((0..times).map(|_| &planned.shapes[random.usize(0..shapes)]));
        }
        random.shuffle(&mut delivered);
        delivered
    }
}

/// Returns the ids of the events that Stripe neither delivers nor lists.
fn lost_event_ids(world: &World<'_>) -> HashSet<String> {
    world.test_app.stripe.lost_event_ids().into_iter().collect()
}

/// Delivers the events to a new server, which then compares once with Stripe. Checks the ledger after the comparison
/// against the model. Returns the ledgers before and after the comparison.
pub async fn deliver_shuffled(
    world: &World<'_>,
    event_set: &EventSet,
    seed: u64,
    losses: Losses,
) -> [LedgerSnapshot; 2] {
    let mut random = fastrand::Rng::with_seed(seed);
    let test_app = world.test_app;
    let folder = folder();
    std::fs::copy(test_app.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(test_app.app.now_ms()).unwrap());
    let database = Database::make(folder.path());
    let settings = settings(folder.path(), &database, &test_app.stripe, HERALD);
    let app = actions::start(settings, clock).await.unwrap();
    deliver(&app, &event_set.shuffled(&mut random, losses), &mut random).await;
    let before = read_ledger(&app).await;
    actions::reconcile_since(&app, &app.as_job("reconcile"), world.began_s, true).await.unwrap();
    let after = check(world, &app).await;
    app.store.close().await;
    [before, after]
}

/// Delivers the events. The server processes its inbox and its queue at random times, and at the end.
async fn deliver(app: &Arc<App>, events: &[&Value], random: &mut fastrand::Rng) {
    for event in events {
        receive(app, event).await;
        if random.u8(0..40) == 0 {
            process_inbox_and_queue(app).await;
        }
        app.clock.advance(random.i64(0..120_000));
    }
    process_inbox_and_queue(app).await;
}

/// Performs random operations until there are this many events, and delivers each event immediately or up to three days
/// later. Compares with Stripe at random times. Returns the number of events.
pub async fn deliver_while_running(world: &mut World<'_>, events: usize) -> usize {
    let (app, stripe) = (&world.test_app.app, &world.test_app.stripe);
    let shapes = Shapes::new();
    let (mut events_seen, mut scheduled): (usize, Vec<(i64, Value)>) = (0, Vec::new());
    let mut thin_events_seen = 0;
    while events_seen < events {
        world.step().await;
        for event in &stripe.thin_events()[thin_events_seen..] {
            receive(app, event).await;
            thin_events_seen += 1;
        }
        events_seen += schedule_new_events(world, &shapes, events_seen, &mut scheduled);
        deliver_due(app, &mut scheduled).await;
        if world.random.u8(0..6) == 0 {
            actions::reconcile_due(app, &app.as_job("reconcile")).await.unwrap();
            process_inbox_and_queue(app).await;
        }
    }
    world.end();
    schedule_new_events(world, &shapes, events_seen, &mut scheduled);
    app.clock.advance(3 * DAY_MS);
    deliver_due(app, &mut scheduled).await;
    assert!(scheduled.is_empty(), "all events must be delivered");
    // Comparisons read Stripe's objects once a day. The comparison a day later finds what no event reported.
    app.clock.advance(DAY_MS);
    actions::reconcile_due(app, &app.as_job("reconcile")).await.unwrap();
    process_inbox_and_queue(app).await;
    stripe.events_after(0).len()
}

/// Takes the new events from Stripe and schedules their deliveries. Returns how many new events there were.
fn schedule_new_events(
    world: &mut World<'_>,
    shapes: &Shapes,
    events_seen: usize,
    scheduled: &mut Vec<(i64, Value)>,
) -> usize {
    let (stripe, now_ms) = (&world.test_app.stripe, world.test_app.app.now_ms());
    let new = stripe.events_after(events_seen);
    if new.is_empty() {
        return 0;
    }
    let (links, lost) = (ObjectLinks::read_from(stripe), lost_event_ids(world));
    for event in &new {
        if lost.contains(event["id"].as_str().unwrap()) || world.random.u8(0..100) < NEVER_DELIVERED {
            continue;
        }
        for _ in 0..world.random.usize(1..=5) {
            let late_ms = if world.random.u8(0..3) == 0 { world.random.i64(0..3 * DAY_MS) } else { 0 };
            scheduled.push((now_ms + late_ms, shapes.random_shape(&mut world.random, &links, event)));
        }
    }
    new.len()
}

/// Delivers the scheduled events that are due, and processes them.
async fn deliver_due(app: &Arc<App>, scheduled: &mut Vec<(i64, Value)>) {
    let now_ms = app.now_ms();
    let (due, later): (Vec<_>, Vec<_>) = scheduled.drain(..).partition(|(at_ms, _)| *at_ms <= now_ms);
    *scheduled = later;
    for (_, event) in &due {
        receive(app, event).await;
    }
    process_inbox_and_queue(app).await;
}
