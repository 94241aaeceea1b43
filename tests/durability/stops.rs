//! Tests ordinary stops and starts, and two processes on one database.

use std::io::{Read, Write};
use std::net::TcpStream;

use tokio::task::block_in_place;

use super::deliveries::{Deliveries, signature};
use super::gifts::of_nothing;
use super::program::{Program, Service};
use super::proof::{everything_is_processed, examine, nothing_is_lost};

const GIFTS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_service_answers_pending_requests_and_keeps_acknowledged_events() {
    let (service, deliveries) = (Service::new(Program::Keepopen), Deliveries::of(GIFTS, 3));
    let running = service.start();
    let address = block_in_place(|| running.address());
    let senders = deliveries.begin(&address);
    deliveries.acknowledges(40).await;
    // When the signal arrives, only half of one request is sent.
    let event = of_nothing("under_way");
    let mut connection = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: {address}\r\nstripe-signature: {}\r\ncontent-length: {}\r\n\r\n",
        signature(&event.body),
        event.body.len()
    );
    let (first, rest) = event.body.split_at(20);
    connection.write_all(format!("{head}{first}").as_bytes()).unwrap();
    // Meanwhile other requests get their responses, so the server has read the first half of this request.
    deliveries.acknowledges(20).await;
    running.tell_to_stop();
    block_in_place(|| running.says("stopping"));
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    block_in_place(|| connection.read_to_string(&mut answer)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    deliveries.record_acknowledged(event.clone());
    block_in_place(|| running.ends_well());
    senders.join_all().await;
    let inbox = service.inbox_after_a_kill().await;
    nothing_is_lost(&inbox, &deliveries.acknowledged()).unwrap();

    let running = service.start();
    let address = block_in_place(|| running.address());
    deliveries.begin(&address).join_all().await;
    let app = service.look().await;
    everything_is_processed(&app).await;
    examine(&app, &deliveries.acknowledged()).await.unwrap();
    app.store.close().await;
    block_in_place(|| running.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_database_process_each_event_once() {
    let (service, deliveries) = (Service::new(Program::Keepopen), Deliveries::of(GIFTS, 5));
    let (one, other) = (service.start(), service.start());
    let (at_one, at_other) = block_in_place(|| (one.address(), other.address()));
    let (to_one, to_other) = (deliveries.begin(&at_one), deliveries.begin(&at_other));
    to_one.join_all().await;
    to_other.join_all().await;
    let app = service.look().await;
    everything_is_processed(&app).await;
    // The number of attempts shows that each was processed once.
    examine(&app, &deliveries.acknowledged()).await.unwrap();
    app.store.close().await;
    block_in_place(|| {
        one.stop();
        other.stop();
    });
}
