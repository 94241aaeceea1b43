//! `keepopen stripe status`: prints the state of the connection to Stripe.

use super::{Opened, version};
use crate::cli::{CommandError, say};
use crate::clock::rfc3339;
use crate::reports::{ConnectionReport, inspect_stripe, webhook_url};
use crate::stripe::{API_VERSION, Endpoint};

pub async fn status(opened: &Opened<'_>) -> Result<(), CommandError> {
    let Opened { settings, store, stripe, .. } = opened;
    let report = inspect_stripe(store, stripe, settings, opened.clock.now_ms()).await?;
    say(&format!("mode: {}", settings.stripe.mode.as_str()))?;
    match &report.endpoint {
        Some(endpoint) => endpoint_lines(endpoint, &report)?,
        None if report.stripe_error.is_some() => say("endpoint: unknown")?,
        None => say(&format!("endpoint: none for {}", webhook_url(settings, &report.stored_endpoints)))?,
    }
    for other in &report.others {
        let state = if other.enabled { "also delivers" } else { "disabled" };
        say(&format!("{state}: {}, version {}{}", other.id, version(other), about_other(other, &report)))?;
    }
    let delivered = report.contact.delivered_at_ms;
    say(&format!("last delivery: {}", delivered.map_or_else(|| "none yet".to_owned(), rfc3339)))?;
    say(&format!("clock: {}", clock_text(report.contact.clock_difference_ms)))?;
    say(&format!("dead events: {}, quarantined events: {}", report.dead, report.quarantined))?;
    let mut wrong: Vec<String> =
        report.troubles.iter().map(|trouble| trouble.sentence().to_owned()).collect();
    if let Some(error) = &report.stripe_error {
        wrong.insert(0, error.to_string());
    } else if report.endpoint.is_none() && report.stored_endpoints.is_empty() {
        wrong.insert(
            0,
            "no endpoint of this account delivers to this service; run `keepopen stripe connect`".to_owned(),
        );
    }
    if wrong.is_empty() {
        return say("Nothing is wrong.");
    }
    for sentence in &wrong {
        say(&format!("wrong: {sentence}"))?;
    }
    Err("the connection to Stripe has problems; they are listed above".into())
}

fn endpoint_lines(endpoint: &Endpoint, report: &ConnectionReport) -> Result<(), CommandError> {
    let state = if endpoint.enabled { "enabled" } else { "disabled" };
    let origin = if endpoint.is_ours { "" } else { ", not created by keepopen" };
    say(&format!("endpoint: {} ({state}{origin})", endpoint.id))?;
    say(&format!("address: {}", endpoint.url))?;
    let expected = if endpoint.has_right_version() {
        String::new()
    } else {
        format!(" (this service needs {API_VERSION})")
    };
    say(&format!("version: {}{expected}", version(endpoint)))?;
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    say(&format!("missing events: {}", list(&endpoint.missing_events())))?;
    say(&format!("unneeded events: {}", list(&endpoint.unneeded_events())))?;
    if let Some(row) = report.stored_endpoints.iter().find(|row| row.id == endpoint.id) {
        let at = row.delivered_at_ms.map_or_else(|| "not yet".to_owned(), rfc3339);
        say(&format!("last delivery with its secret: {at}"))?;
    }
    Ok(())
}

fn about_other(other: &Endpoint, report: &ConnectionReport) -> &'static str {
    if !other.enabled {
        ""
    } else if report.stored_endpoints.iter().any(|row| row.id == other.id) {
        ", an older endpoint; `keepopen stripe connect --finish` disables it"
    } else if other.is_ours {
        ", whose secret is not stored here; `keepopen stripe connect --finish` disables it"
    } else {
        ", not created by keepopen"
    }
}

fn clock_text(difference_ms: Option<i64>) -> String {
    match difference_ms {
        None => "not compared yet; it is compared at each delivery from Stripe".to_owned(),
        Some(ms) if ms >= 0 => format!("at most {} s ahead of Stripe's clock", ms / 1000),
        Some(ms) => format!("{} s behind Stripe's clock", -ms / 1000),
    }
}
