//! Tests a disk that is really full: a file system of 20 MB, mounted only for the service and its child processes.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reqwest::Client;
use tokio::task::block_in_place;

use super::deliveries::signature;
use super::gifts::{Event, events_of};
use super::long_run::LongRun;
use super::program::{Running, Service};

/// How long a service may take to report that its disk is full, or that it is ready again.
const NOTICE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a service may take to book every acknowledged event.
const BOOKING_TIMEOUT: Duration = Duration::from_secs(30);
/// The number of gifts that are delivered before the disk is full, and again after it has space.
const GIFTS: u64 = 20;

/// Whether this machine allows private mounts.
fn can_mount() -> bool {
    let mount = "mount -t tmpfs -o size=1m keepopen /mnt";
    Command::new("unshare").args(["-rm", "/bin/sh", "-c", mount]).output().is_ok_and(|it| it.status.success())
}

/// A service on a small disk.
struct ServiceOnSmallDisk {
    running: Running,
    address: String,
    management: String,
    client: Client,
    /// The file that fills the rest of the disk. This path leads through the service's process, because only that
    /// process sees the disk.
    filler: PathBuf,
    acknowledged: u64,
    next_gift: u64,
}

impl ServiceOnSmallDisk {
    fn start(service: &Service) -> Self {
        let running = service.start_on_new_disk("20m");
        let (readiness_url, address) = block_in_place(|| (running.readiness_url(), running.address()));
        let management = readiness_url.trim_end_matches("/readyz").to_owned();
        let filler = running.path_from_here(&service.data()).join("filler");
        let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { running, address, management, client, filler, acknowledged: 0, next_gift: 1 }
    }

    /// Fills the disk until nothing more fits.
    fn fill(&self) {
        let mut filler = File::create(&self.filler).unwrap();
        for size in [64 * 1024, 512] {
            while filler.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn delete_filler(&self) {
        std::fs::remove_file(&self.filler).unwrap();
    }

    /// Delivers one event. Returns whether it was acknowledged.
    async fn deliver(&mut self, event: &Event) -> bool {
        let request = self.client.post(format!("http://{}/webhooks/stripe", self.address));
        let request = request.header("stripe-signature", signature(&event.body)).body(event.body.clone());
        match request.send().await.unwrap().status().as_u16() {
            200 => true,
            503 => false,
            status => panic!("the service responded with {status} to {}", event.body),
        }
    }

    /// Delivers the session event of the next gift. The gift's payment is booked from this event. Returns whether the
    /// event was acknowledged.
    async fn deliver_next(&mut self) -> bool {
        let event = events_of(self.next_gift).remove(0);
        let is_acknowledged = self.deliver(&event).await;
        if is_acknowledged {
            self.next_gift += 1;
            self.acknowledged += 1;
        }
        is_acknowledged
    }

    async fn metric(&self, series: &str) -> f64 {
        let text = self.client.get(format!("{}/metrics", self.management)).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until every event acknowledged so far is booked.
    async fn wait_until_all_booked(&self) {
        let series = "keepopen_events_processed_total{outcome=\"booked\"}";
        #[expect(clippy::cast_precision_loss, reason = "there are only a few hundred events")]
        let acknowledged = self.acknowledged as f64;
        let wait = async {
            while self.metric(series).await < acknowledged {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(BOOKING_TIMEOUT, wait).await.is_err() {
            panic!("only {} of {acknowledged} acknowledged gifts are booked", self.metric(series).await);
        }
    }

    /// The problems that the service reports. Empty if the service is ready.
    async fn reported_problems(&self) -> String {
        let answer = self.client.get(format!("{}/readyz", self.management)).send().await.unwrap();
        if answer.status() == 200 { String::new() } else { answer.text().await.unwrap() }
    }

    /// Waits until the service reports a problem that contains `words`, or no problem if `words` is empty.
    async fn wait_for_report(&self, words: &str) {
        let wait = async {
            loop {
                let reported = self.reported_problems().await;
                if reported.contains(words) && words.is_empty() == reported.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(NOTICE_TIMEOUT, wait).await.is_err() {
            panic!("the service must report `{words}`, but reports `{}`", self.reported_problems().await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_recovers_from_a_full_disk_without_a_restart() {
    if !can_mount() {
        println!(
            "NOT RUN: this machine does not allow mounting a small disk (unshare -rm), so a full disk was not tested"
        );
        return;
    }
    let service = Service::on_sqlite_file();
    let mut run = LongRun::of("full disks", "KEEPOPEN_TEST_FULL_DISKS", 1);
    while let Some(round) = run.next_round(5) {
        let mut service_on_disk = ServiceOnSmallDisk::start(&service);
        for _ in 0..round.count {
            for _ in 0..GIFTS {
                assert!(
                    service_on_disk.deliver_next().await,
                    "an event must be acknowledged while the disk has space"
                );
            }
            service_on_disk.wait_until_all_booked().await;
            service_on_disk.fill();
            // Some events are still stored in space that the database already has. None may be acknowledged and lost.
            for _ in 0..2_000 {
                if !service_on_disk.deliver_next().await {
                    break;
                }
            }
            service_on_disk.wait_for_report("database_writes").await;
            assert!(
                !service_on_disk.deliver_next().await,
                "an event that can't be stored must not be acknowledged"
            );
            let banner = service_on_disk
                .client
                .get(format!("http://{}/v1/banner?site=journal", service_on_disk.address));
            assert_eq!(
                banner.send().await.unwrap().status(),
                200,
                "a banner request must succeed while the disk is full"
            );

            service_on_disk.delete_filler();
            service_on_disk.wait_for_report("").await;
            for _ in 0..GIFTS {
                assert!(
                    service_on_disk.deliver_next().await,
                    "an event must be acknowledged while the disk has space"
                );
            }
            service_on_disk.wait_until_all_booked().await;
        }
        block_in_place(|| service_on_disk.running.stop());
        run.record_success(round, &[("acknowledged", service_on_disk.acknowledged)]);
    }
    println!("{run}");
}
