//! The metrics and their names. `docs/operating-metrics.md` explains them to operators.

use keepopen_decision::Reason;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::counts::{
    CallOutcome, Counts, CutBody, Delivery, InboxState, LabelValue, LimitedBy, Processed, StripeTrouble,
    TokenCheck,
};
use super::process::ProcessGauges;

/// The upper bounds of histogram buckets, in seconds. They range from a banner decision, which takes microseconds, to
/// a checkout, which waits for Stripe.
const DURATIONS_S: &[f64] = &[0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
const METADATA: Metadata<'static> = Metadata::new("keepopen", Level::INFO, None);

/// All metrics of one running service. There is no global state: two services in one process count separately.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// Banner decisions, by reason.
    pub verdicts: Counts<Reason>,
    /// Webhook deliveries, by outcome.
    pub deliveries: Counts<Delivery>,
    /// Transactions that stored deliveries. Deliveries that wait at the same time share one transaction.
    pub intake_commits: Counter,
    /// Calls to Stripe, by outcome.
    pub stripe_calls: Counts<CallOutcome>,
    /// Processed events, by outcome. Each try counts.
    pub events_processed: Counts<Processed>,
    /// Checked supporter tokens, by outcome.
    pub token_checks: Counts<TokenCheck>,
    /// Rate-limited requests to start a checkout.
    pub limited_checkouts: Counts<LimitedBy>,
    /// Rate-limited requests to fetch a token.
    pub limited_tokens: Counts<LimitedBy>,
    /// Request bodies that were not read to their end.
    pub cut_bodies: Counts<CutBody>,
    /// The gauges of the inbox (the stored Stripe events), set by the last count.
    pub inbox: InboxGauges,
    /// The gauges of the queue of tasks, set by the last count.
    pub queue: QueueGauges,
    /// The gauges of the ledger, set by the last check.
    pub ledger: LedgerGauges,
    /// Declined charges, as reported by Stripe.
    pub declines: Counter,
    /// Requests with a Stripe signature to paths that do not accept webhooks.
    pub misdirected: Counter,
    /// The gauges of the connection to Stripe, set by the last check.
    pub stripe: StripeGauges,
    process: ProcessGauges,
}

/// Metrics of the ledger.
pub struct LedgerGauges {
    problems: Gauge,
    alarms: Gauge,
    checked_at: Gauge,
}

impl LedgerGauges {
    /// Sets the results of a check of the ledger: the number of problems, the number of contributions with alarms, and
    /// the time.
    pub fn set(&self, problems: usize, alarms: usize, at_ms: i64) {
        self.problems.set(problems as f64);
        self.alarms.set(alarms as f64);
        self.checked_at.set(at_ms as f64 / 1000.0);
    }
}

/// Metrics of the connection to Stripe.
pub struct StripeGauges {
    troubles: Vec<Gauge>,
    last_delivery: Gauge,
    clock_difference: Gauge,
}

impl StripeGauges {
    fn new(recorder: &PrometheusRecorder) -> Self {
        let troubles = StripeTrouble::ALL.iter().map(|what| {
            let help = "1 if the connection to Stripe has this problem, 0 if not.";
            gauge(recorder, "keepopen_stripe_trouble", help, &[("what", what.as_label())])
        });
        let troubles = troubles.collect();
        let help = "Time of Stripe's last delivery with a valid signature, in seconds since 1970; 0 if there was none.";
        let last_delivery = gauge(recorder, "keepopen_stripe_last_delivery_timestamp_seconds", help, &[]);
        let help = "How far this machine's clock is ahead of the time in Stripe's signatures, in seconds.";
        let clock_difference = gauge(recorder, "keepopen_stripe_clock_difference_seconds", help, &[]);
        Self { troubles, last_delivery, clock_difference }
    }

    /// Sets whether the connection has this problem.
    pub fn set_trouble(&self, what: StripeTrouble, is_present: bool) {
        self.troubles[what.index()].set(if is_present { 1.0 } else { 0.0 });
    }

    /// Sets the time of the last delivery, in milliseconds since 1970.
    pub fn set_last_delivery_ms(&self, at_ms: i64) {
        self.last_delivery.set(at_ms as f64 / 1000.0);
    }

    /// Sets how far our clock is ahead of Stripe's.
    pub fn set_clock_difference_ms(&self, difference_ms: i64) {
        self.clock_difference.set(difference_ms as f64 / 1000.0);
    }
}

/// Metrics of the inbox.
pub struct InboxGauges {
    rows: Vec<Gauge>,
    oldest_waiting: Gauge,
}

impl InboxGauges {
    /// Sets the number of events in this state.
    pub fn set(&self, state: InboxState, rows: i64) {
        self.rows[state.index()].set(rows as f64);
    }

    /// Sets the age of the oldest event that waits to be booked or retried, in milliseconds.
    pub fn set_oldest_waiting_ms(&self, waiting_ms: i64) {
        self.oldest_waiting.set(waiting_ms as f64 / 1000.0);
    }
}

/// Metrics of the queue of tasks.
pub struct QueueGauges {
    waiting: Gauge,
    dead: Gauge,
    oldest_waiting: Gauge,
}

impl QueueGauges {
    fn new(recorder: &PrometheusRecorder) -> Self {
        let tasks = |state| {
            let help = "Tasks in the queue, by state.";
            gauge(recorder, "keepopen_queue_tasks", help, &[("state", state)])
        };
        let help = "Age of the oldest waiting task in the queue, in seconds.";
        Self {
            waiting: tasks("waiting"),
            dead: tasks("dead"),
            oldest_waiting: gauge(recorder, "keepopen_queue_oldest_waiting_seconds", help, &[]),
        }
    }

    /// Sets the numbers of waiting and dead tasks, and the age of the oldest waiting task, in milliseconds.
    pub fn set(&self, waiting: i64, dead: i64, oldest_waiting_ms: i64) {
        self.waiting.set(waiting as f64);
        self.dead.set(dead as f64);
        self.oldest_waiting.set(oldest_waiting_ms as f64 / 1000.0);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Creates all metrics, at zero.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets(DURATIONS_S)
            .expect("the list of bucket bounds must not be empty")
            .build_recorder();
        let labelled = |name, help, label, as_label| counter(&recorder, name, help, &[(label, as_label)]);
        let verdicts = Counts::each(|reason: Reason| {
            labelled("keepopen_verdicts_total", "Banner decisions, by reason.", "reason", reason.as_label())
        });
        let deliveries = Counts::each(|outcome: Delivery| {
            labelled(
                "keepopen_webhook_deliveries_total",
                "Webhook deliveries, by outcome.",
                "outcome",
                outcome.as_label(),
            )
        });
        let intake_commits = counter(
            &recorder,
            "keepopen_webhook_commits_total",
            "Transactions that stored webhook deliveries.",
            &[],
        );
        let stripe_calls = Counts::each(|outcome: CallOutcome| {
            labelled(
                "keepopen_stripe_calls_total",
                "Calls to Stripe, including retries, by outcome.",
                "outcome",
                outcome.as_label(),
            )
        });
        let events_processed = Counts::each(|outcome: Processed| {
            labelled(
                "keepopen_events_processed_total",
                "Processed events, including retries, by outcome.",
                "outcome",
                outcome.as_label(),
            )
        });
        let token_checks = Counts::each(|outcome: TokenCheck| {
            labelled(
                "keepopen_token_checks_total",
                "Checked supporter tokens, by outcome.",
                "outcome",
                outcome.as_label(),
            )
        });
        let limited = |route: &'static str| {
            Counts::each(|by: LimitedBy| {
                let help = "Rate-limited requests, by route and by the limit that was exceeded.";
                let labels = [("route", route), ("by", by.as_label())];
                counter(&recorder, "keepopen_rate_limited_total", help, &labels)
            })
        };
        let (limited_checkouts, limited_tokens) = (limited("/v1/checkout"), limited("/v1/tokens"));
        let cut_bodies = Counts::each(|why: CutBody| {
            labelled(
                "keepopen_bodies_cut_total",
                "Request bodies that were not read to their end, by reason.",
                "why",
                why.as_label(),
            )
        });
        let rows = InboxState::ALL.iter().map(|state| {
            let help = "Stripe events in the inbox that are not done, by state.";
            gauge(&recorder, "keepopen_inbox_events", help, &[("state", state.as_label())])
        });
        let rows = rows.collect();
        let help = "Age of the oldest event that is waiting to be booked, in seconds.";
        let oldest_waiting = gauge(&recorder, "keepopen_inbox_oldest_waiting_seconds", help, &[]);
        let queue = QueueGauges::new(&recorder);
        let ledger = LedgerGauges {
            problems: gauge(
                &recorder,
                "keepopen_books_wrong",
                "Problems found by the last ledger check; 0 if the ledger is correct.",
                &[],
            ),
            alarms: gauge(
                &recorder,
                "keepopen_books_alarms",
                "Contributions that need manual review, as of the last ledger check.",
                &[],
            ),
            checked_at: gauge(
                &recorder,
                "keepopen_books_checked_timestamp_seconds",
                "Time of the last ledger check, in seconds since 1970; 0 if there was none.",
                &[],
            ),
        };
        let help = "Declined charges, as reported by Stripe.";
        let declines = counter(&recorder, "keepopen_declined_charges_total", help, &[]);
        let help = "Requests with a Stripe signature to a path that does not accept webhooks. An endpoint's address at Stripe is wrong.";
        let misdirected = counter(&recorder, "keepopen_misdirected_webhooks_total", help, &[]);
        let stripe = StripeGauges::new(&recorder);
        let build = gauge(
            &recorder,
            "keepopen_build_info",
            "Always 1; its label is the version of the program.",
            &[("version", env!("CARGO_PKG_VERSION"))],
        );
        build.set(1.0);
        let process_gauge = |name, help| gauge(&recorder, name, help, &[]);
        let process = ProcessGauges {
            resident: process_gauge(
                "process_resident_memory_bytes",
                "Resident memory of the process, in bytes.",
            ),
            open_files: process_gauge("process_open_fds", "Open file descriptors of the process."),
            max_files: process_gauge("process_max_fds", "Maximum number of open file descriptors."),
        };
        let handle = recorder.handle();
        Self {
            recorder,
            handle,
            verdicts,
            deliveries,
            intake_commits,
            stripe_calls,
            events_processed,
            token_checks,
            limited_checkouts,
            limited_tokens,
            cut_bodies,
            inbox: InboxGauges { rows, oldest_waiting },
            queue,
            ledger,
            declines,
            misdirected,
            stripe,
            process,
        }
    }

    /// Registers another counter. Labels come from fixed lists, never from a request's content.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
    ) -> Counter {
        counter(&self.recorder, name, help, labels)
    }

    /// Registers another histogram of durations in seconds. Its labels follow the rule of [`Metrics::counter`].
    pub fn durations(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&'static str, &str)],
    ) -> Histogram {
        self.recorder.describe_histogram(name.into(), None, help.into());
        self.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    /// Returns all metrics, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.process.read();
        self.handle.render()
    }

    /// Sorts measured durations into their buckets. A duration that is not sorted yet takes memory, so this must be
    /// called every few seconds.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }
}

fn counter(
    recorder: &PrometheusRecorder,
    name: &'static str,
    help: &'static str,
    labels: &[(&'static str, &str)],
) -> Counter {
    recorder.describe_counter(name.into(), None, help.into());
    recorder.register_counter(&key(name, labels), &METADATA)
}

fn gauge(
    recorder: &PrometheusRecorder,
    name: &'static str,
    help: &'static str,
    labels: &[(&'static str, &str)],
) -> Gauge {
    recorder.describe_gauge(name.into(), None, help.into());
    recorder.register_gauge(&key(name, labels), &METADATA)
}

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> =
        labels.iter().map(|(label, value)| Label::new(*label, (*value).to_owned())).collect();
    Key::from_parts(name, labels)
}
