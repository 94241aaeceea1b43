//! Tests ordinary stops and starts, and two processes on one database.

use std::io::{Read, Write};
use std::net::TcpStream;

use tokio::task::block_in_place;

use super::deliveries::{Deliveries, signature};
use super::gifts::unbooked_event;
use super::program::{Program, Service};
use super::proof::{check_database, check_nothing_lost, wait_until_processed};

const GIFTS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_service_answers_pending_requests_and_keeps_acknowledged_events() {
    let (service, deliveries) = (Service::new(Program::Keepopen), Deliveries::of(GIFTS, 3));
    let running = service.start();
    let address = block_in_place(|| running.address());
    let senders = deliveries.start_senders(&address);
    deliveries.wait_for_acknowledgements(40).await;
    // When the signal arrives, only half of one request is sent.
    let event = unbooked_event("under_way");
    let mut connection = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: {address}\r\nstripe-signature: {}\r\ncontent-length: {}\r\n\r\n",
        signature(&event.body),
        event.body.len()
    );
    let (first, rest) = event.body.split_at(20);
    connection.write_all(format!("{head}{first}").as_bytes()).unwrap();
    // Meanwhile other requests get their responses, so the server has read the first half of this request.
    deliveries.wait_for_acknowledgements(20).await;
    running.send_sigterm();
    block_in_place(|| running.wait_for_log_line("stopping"));
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    block_in_place(|| connection.read_to_string(&mut answer)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    deliveries.record_acknowledged(event.clone());
    block_in_place(|| running.wait_for_success());
    senders.join_all().await;
    let inbox = service.read_inbox_after_stop().await;
    check_nothing_lost(&inbox, &deliveries.acknowledged()).unwrap();

    let running = service.start();
    let address = block_in_place(|| running.address());
    deliveries.start_senders(&address).join_all().await;
    let app = service.open_app().await;
    wait_until_processed(&app).await;
    check_database(&app, &deliveries.acknowledged()).await.unwrap();
    app.store.close().await;
    block_in_place(|| running.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_database_process_each_event_once() {
    let (service, deliveries) = (Service::new(Program::Keepopen), Deliveries::of(GIFTS, 5));
    let (one, other) = (service.start(), service.start());
    let (one_address, other_address) = block_in_place(|| (one.address(), other.address()));
    let (one_senders, other_senders) =
        (deliveries.start_senders(&one_address), deliveries.start_senders(&other_address));
    one_senders.join_all().await;
    other_senders.join_all().await;
    let app = service.open_app().await;
    wait_until_processed(&app).await;
    // The check reads the number of attempts, so it detects an event that was processed twice.
    check_database(&app, &deliveries.acknowledged()).await.unwrap();
    app.store.close().await;
    block_in_place(|| {
        one.stop();
        other.stop();
    });
}
