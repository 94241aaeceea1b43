//! Tests of the running service from outside, with a practice Stripe (a local stand-in for Stripe) and a clock that the
//! tests advance.

#![expect(clippy::unwrap_used, reason = "a test stops if it can't continue")]

mod helpers;

mod alarms;
mod amounts;
mod appeals;
mod audit;
mod banner;
mod bodies;
mod bodies_as_lists;
mod cases;
mod checkout;
mod comparing;
mod connection;
mod contract;
mod corpus;
mod editing;
mod embed;
#[cfg(unix)]
mod faults;
mod floods;
mod forms;
mod generations;
mod gifts;
mod held_back;
mod histories;
mod instances;
mod intake;
mod jobs;
mod last_good;
mod learning;
mod management;
mod money;
mod more_variants;
mod not_ours;
mod outbox;
mod pages;
mod paid_outside;
mod pending;
mod previews;
mod queue;
mod reconciling;
mod replays;
mod requeued;
mod results;
mod routes;
mod settling;
mod slow_bodies;
mod standing;
mod standings;
mod story;
mod stripe_answers;
mod supporters;
mod switches;
mod ticker;
mod tokens;
mod variants;
mod webhooks;
mod words;
mod worker;
