//! Tests a PostgreSQL that goes silent: its connections stay open, but no data gets through.

use keepopen_testkit::wait_until;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::task::block_in_place;

use super::deliveries::{Deliveries, signature};
use super::gifts::events_of;
use super::long_run::LongRun;
use super::program::{Running, Service, other_program};
use super::proof::{check_database, wait_until_processed};
use super::proxy::Proxy;

const SKIPPED: &str = "SKIPPED: KEEPOPEN_TEST_POSTGRES names no server";
/// How long booking may take to resume.
const RESUME_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a service may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A service that reaches its database through a proxy.
struct ServiceBehindProxy {
    service: Service,
    proxy: Proxy,
    running: Running,
    address: String,
    readiness_url: String,
    deliveries: std::sync::Arc<Deliveries>,
    next_gift: u64,
}

impl ServiceBehindProxy {
    /// Starts a service behind a proxy. `None` if the test run does not use a PostgreSQL server.
    async fn start() -> Option<Self> {
        let server = std::env::var("KEEPOPEN_TEST_POSTGRES").ok()?;
        let server = url::Url::parse(&server).unwrap();
        let target = format!("{}:{}", server.host_str().unwrap(), server.port().unwrap_or(5432));
        let proxy = Proxy::start(target.parse().unwrap()).await;
        let service = Service::behind_proxy(proxy.address);
        let running = service.start();
        let (readiness_url, address) = block_in_place(|| (running.readiness_url(), running.address()));
        let deliveries = Deliveries::of(0, 1);
        Some(Self { service, proxy, running, address, readiness_url, deliveries, next_gift: 0 })
    }

    /// Delivers the events of some gifts, with retries until they are acknowledged.
    async fn deliver(&mut self, gifts: u64) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        for event in (self.next_gift..self.next_gift + gifts).flat_map(events_of) {
            let acknowledged = async {
                loop {
                    let request = client.post(format!("http://{}/webhooks/stripe", self.address));
                    let request = request.header("stripe-signature", signature(&event.body));
                    match request.body(event.body.clone()).send().await.map(|it| it.status().as_u16()) {
                        Ok(200) => return,
                        Ok(503) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                        Ok(status) => panic!("the service responded with {status} to {}", event.body),
                    }
                }
            };
            tokio::time::timeout(RESUME_TIMEOUT, acknowledged)
                .await
                .expect("a delivery must be acknowledged in time");
            self.deliveries.record_acknowledged(event);
        }
        self.next_gift += gifts;
    }

    /// Waits until every acknowledged event is booked, and checks the ledger without the proxy.
    async fn wait_until_all_booked(&self) {
        let app = self.service.open_app().await;
        tokio::time::timeout(RESUME_TIMEOUT, wait_until_processed(&app))
            .await
            .expect("booking must resume in time");
        if other_program().is_none() {
            check_database(&app, &self.deliveries.acknowledged()).await.unwrap();
        }
        app.store.close().await;
    }

    /// Delivers one gift and blocks its booking. When this returns, the booking transaction is waiting for the lock
    /// that the returned connection holds.
    async fn block_booking(&mut self) -> PgConnection {
        let mut lock = PgConnection::connect(self.service.database_url()).await.unwrap();
        let lock_sql = "BEGIN; LOCK TABLE ledger_entries IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock_sql).execute(&mut lock).await.unwrap();
        self.deliver(1).await;
        let waiting_sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND state = 'active' AND wait_event_type = 'Lock'";
        // `lock` would see the same snapshot of the activity until its transaction ends, so another connection
        // watches.
        let mut observer = PgConnection::connect(self.service.database_url()).await.unwrap();
        let is_waiting =
            async || sqlx::query_scalar::<_, i64>(waiting_sql).fetch_one(&mut observer).await.unwrap() > 0;
        wait_until(RESUME_TIMEOUT, "the gift is being booked", is_waiting).await;
        lock
    }

    async fn is_ready(&self) -> bool {
        reqwest::get(&self.readiness_url).await.is_ok_and(|answer| answer.status() == 200)
    }

    async fn wait_until_readiness_is(&self, is_ready: bool) {
        wait_until(RESUME_TIMEOUT, &format!("/readyz reports ready: {is_ready}"), async || {
            self.is_ready().await == is_ready
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn booking_resumes_when_old_connections_are_silent_and_new_ones_work() {
    let mut run = LongRun::of("failovers behind a silent proxy", "KEEPOPEN_TEST_FAILOVERS", 2);
    while let Some(round) = run.next_round(5) {
        let Some(mut service) = ServiceBehindProxy::start().await else {
            println!("{SKIPPED}");
            return;
        };
        service.deliver(3).await;
        for _ in 0..round.count {
            // After these two lines, the intake has its own connections, and a booking transaction is in progress.
            service.deliver(2).await;
            let lock = service.block_booking().await;
            service.proxy.silence_existing();
            lock.close().await.unwrap();
            service.deliver(2).await;
            service.wait_until_all_booked().await;
            service.wait_until_readiness_is(true).await;
        }
        block_in_place(|| service.running.stop());
        run.record_success(round, &[]);
    }
    println!("{run}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_silent_for_a_while_is_reported_and_booking_resumes() {
    let Some(mut service) = ServiceBehindProxy::start().await else {
        println!("{SKIPPED}");
        return;
    };
    service.deliver(3).await;
    service.proxy.silence_all(true);
    service.wait_until_readiness_is(false).await;
    let banner = reqwest::get(format!("http://{}/v1/banner?site=journal", service.address)).await.unwrap();
    assert_eq!(banner.status(), 200, "a banner request must succeed while the database is silent");
    service.proxy.silence_all(false);
    service.deliver(2).await;
    service.wait_until_all_booked().await;
    service.wait_until_readiness_is(true).await;
    block_in_place(|| service.running.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_database_is_silent_stops_on_request() {
    for silences_all in [false, true] {
        let Some(mut service) = ServiceBehindProxy::start().await else {
            println!("{SKIPPED}");
            return;
        };
        service.deliver(5).await;
        // The signal arrives while requests are in progress.
        let (client, url) = (reqwest::Client::new(), format!("http://{}/webhooks/stripe", service.address));
        if silences_all {
            service.proxy.silence_all(true);
        } else {
            service.proxy.silence_existing();
        }
        let mut pending = tokio::task::JoinSet::new();
        for event in events_of(1_000_000) {
            let request = client.post(&url).header("stripe-signature", signature(&event.body));
            pending.spawn(request.body(event.body).send());
        }
        service.running.send_sigterm();
        let running = service.running;
        let ended = tokio::time::timeout(STOP_TIMEOUT, running.wait_until_ended()).await;
        ended.expect("the service must end in time");
        pending.shutdown().await;
    }
}
