//! Measures a loaded database with the service's own queries.

use fastrand::Rng;
use keepopen::actions::seal_ledger;
use keepopen::app::{Actor, Context};
use keepopen::clock::{Clock, Stopwatch};
use keepopen::contributions::{ContributionState, Frequency};
use keepopen::reports::{PaymentsExport, SealKey, check_ledger, compare_with_stripe};
use keepopen::sites;
use keepopen::store::Store;
use keepopen::store::objects::facts_of_gift_with;
use keepopen::store::pages::{ContributionFilter, Cursor, PaymentFilter};
use keepopen::stripe::Gateway;
use keepopen::supporters::{Email, best_standing};
use keepopen_testkit::JOURNAL;

use crate::gifts::{self, DAY_S, END_S};

/// The measurement of one query.
pub struct Measured {
    /// The name of the query in the output.
    pub name: String,
    /// The median time, in seconds.
    pub median_s: f64,
    /// The 99th percentile of the time, in seconds; `None` if the query ran only once.
    pub p99_s: Option<f64>,
    /// The CPU time that this process used per query, in seconds. It hardly depends on other work on the machine. The
    /// CPU time of a database server is not included.
    pub cpu_s: f64,
    /// The peak memory of the process during the query, in MiB.
    pub peak_mib: f64,
    /// A short description of what the query returned.
    pub result: String,
}

/// How many times a fast query runs.
const TIMES: usize = 300;

/// Measures every query. `supporters` is the number of supporters in the database.
pub async fn measure(store: &Store, supporters: u64, key: &SealKey) -> Vec<Measured> {
    let mut all = Vec::new();
    let mut rng = Rng::with_seed(7);
    let numbers: Vec<u64> = (0..TIMES).map(|_| rng.u64(0..supporters)).collect();
    all.push(
        measure_repeatedly("status lookup by address", numbers.iter().map(|number| lookup(store, *number)))
            .await,
    );
    for (name, filter) in measured_lists(supporters) {
        let pages = numbers.iter().map(|number| read_page(store, &filter, *number, supporters));
        all.push(measure_repeatedly(&format!("contributions, a page of 50: {name}"), pages).await);
    }
    all.push(
        measure_repeatedly(
            "one contribution, with all details",
            numbers.iter().map(|number| contribution_detail(store, *number)),
        )
        .await,
    );
    let facts = numbers.iter().map(|number| read_facts(store, *number));
    all.push(measure_repeatedly("all facts of a gift, read for each event", facts).await);
    let month = PaymentFilter {
        site: None,
        from_ms: Some((END_S - 60 * DAY_S) * 1000),
        to_ms: Some((END_S - 30 * DAY_S) * 1000),
    };
    all.push(measure_once("export of 30 days", export(store, month)).await);
    all.push(measure_once("export of everything", export(store, PaymentFilter::default())).await);
    all.push(measure_once("compare_with_stripe", compare(store)).await);
    all.push(measure_once("books check", check(store, key)).await);
    all.push(measure_once("seal", seal(store, key)).await);
    all
}

/// The measured lists of contributions, each with a name for the output. The pages are spread over the whole list.
fn measured_lists(supporters: u64) -> Vec<(&'static str, ContributionFilter)> {
    let (giver, _) = gifts::giver(supporters / 2);
    vec![
        ("all", ContributionFilter::default()),
        (
            "one-offs of one site",
            ContributionFilter {
                site: Some("gazette".to_owned()),
                frequency: Some(Frequency::Once),
                ..ContributionFilter::default()
            },
        ),
        (
            "in a state that no contribution has",
            ContributionFilter { state: Some(ContributionState::Failed), ..ContributionFilter::default() },
        ),
        (
            "of one supporter",
            ContributionFilter { supporter: Some(giver.id), ..ContributionFilter::default() },
        ),
    ]
}

/// Looks up the standing (whether somebody is a supporter) of the supporter with this number, by email address.
async fn lookup(store: &Store, number: u64) -> String {
    let (giver, _) = gifts::giver(number);
    let email = Email::parse(&giver.email).unwrap();
    let found = store.gift_summaries_by_email(&email, "journal").await.unwrap();
    let (supporter, now) = best_standing(&found, 90, END_S * 1000).unwrap();
    assert_eq!(supporter, giver.id);
    format!("{:?}", now.standing)
}

/// Reads a page of a list of contributions. A greater number selects an older page.
async fn read_page(store: &Store, filter: &ContributionFilter, number: u64, supporters: u64) -> String {
    let at_ms = (END_S - (number * 600 / supporters) as i64 * DAY_S) * 1000;
    let after = Cursor { at_ms, id: String::new() };
    let found = store.contributions_after(filter, Some(&after), 50).await.unwrap();
    format!("{} found", found.len())
}

/// Reads the first contribution of the supporter with this number.
async fn contribution_detail(store: &Store, number: u64) -> String {
    let (_, gifts) = gifts::giver(number);
    let detail = store.contribution_detail(&gifts[0].id).await.unwrap().unwrap();
    format!("{} payments", detail.payments.len())
}

/// Reads all facts (what the service knows about Stripe's objects) of the first contribution of the supporter with this
/// number.
async fn read_facts(store: &Store, number: u64) -> String {
    let (_, gifts) = gifts::giver(number);
    let mut tx = store.snapshot().await.unwrap();
    format!("{} facts", facts_of_gift_with(&mut tx, gifts[0].id.as_str()).await.unwrap().len())
}

async fn export(store: &Store, filter: PaymentFilter) -> String {
    let mut export = PaymentsExport::new(store.clone(), filter);
    let (mut lines, mut bytes) = (0, 0);
    while let Some(page) = export.next_page().await.unwrap() {
        lines += page.lines().count();
        bytes += page.len();
    }
    format!("{} lines, {:.1} MB", lines - 1, bytes as f64 / 1e6)
}

async fn compare(store: &Store) -> String {
    let found = compare_with_stripe(store, gifts::END_S * 1000).await.unwrap();
    for line in &found.lines {
        assert_eq!(line.difference_minor(), 0, "{line:?}");
    }
    format!("{} lines without a difference", found.lines.len())
}

async fn check(store: &Store, key: &SealKey) -> String {
    let report = check_ledger(store, key).await.unwrap();
    assert!(report.is_correct(), "{:?}", report.problems);
    format!("{} contributions and {} entries are correct", report.contributions, report.entries)
}

async fn seal(store: &Store, key: &SealKey) -> String {
    let settings = sites::from_toml(JOURNAL).unwrap();
    let stripe = Gateway::new(&settings.stripe).unwrap();
    let (settings, stripe, clock) = (&settings, &stripe, &Clock::System);
    let context = Context { store, stripe, settings, clock, actor: Actor::Operator, request_id: None };
    let seal = seal_ledger(&context, key).await.unwrap();
    format!("{} entries", seal.entries)
}

/// Measures a fast query, which runs many times.
async fn measure_repeatedly(
    name: &str,
    queries: impl Iterator<Item = impl Future<Output = String>>,
) -> Measured {
    reset_peak();
    let before_s = cpu_time_s();
    let (mut times, mut result) = (Vec::new(), String::new());
    for query in queries {
        let watch = Stopwatch::start();
        result = query.await;
        times.push(watch.elapsed_s());
    }
    let cpu_s = (cpu_time_s() - before_s) / times.len() as f64;
    times.sort_by(f64::total_cmp);
    let percentile = |fraction: f64| times[(times.len() as f64 * fraction) as usize];
    Measured {
        name: name.to_owned(),
        median_s: percentile(0.5),
        p99_s: Some(percentile(0.99)),
        cpu_s,
        peak_mib: peak_mib(),
        result,
    }
}

/// Measures a slow query, which runs once.
async fn measure_once(name: &str, query: impl Future<Output = String>) -> Measured {
    reset_peak();
    let (watch, before_s) = (Stopwatch::start(), cpu_time_s());
    let result = query.await;
    Measured {
        name: name.to_owned(),
        median_s: watch.elapsed_s(),
        p99_s: None,
        cpu_s: cpu_time_s() - before_s,
        peak_mib: peak_mib(),
        result,
    }
}

/// The CPU time that this process's threads have used so far, in seconds. It is zero if the system does not report it.
fn cpu_time_s() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let thread_time = |thread: std::fs::DirEntry| {
        let schedstat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        schedstat.split(' ').next()?.parse::<f64>().ok()
    };
    threads.filter_map(thread_time).sum::<f64>() / 1e9
}

/// Resets the peak memory of the process.
fn reset_peak() {
    // On a system that can't reset the peak, the reported peak is that of the whole run.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}
