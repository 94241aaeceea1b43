//! The events of made-up gifts, and the ledger that must result. Both come from a model that is independent of the
//! product.

use std::collections::BTreeSet;

use keepopen::contributions::Entry;
use keepopen::ids::ContributionId;
use serde_json::{Value, json};

/// One event, ready for delivery.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) body: String,
}

/// One line of the ledger: kind, object, contribution, amount.
pub(crate) type Line = (&'static str, String, String, i64);

fn event(id: String, kind: &str, object: &Value) -> Event {
    let body = json!({
        "id": id, "object": "event", "type": kind, "created": 1_795_000_000, "livemode": false,
        "api_version": "2026-09-30.endive", "data": {"object": object},
    });
    Event { id, body: body.to_string() }
}

/// An event that moves no money, so it is never booked.
pub(crate) fn unbooked_event(name: &str) -> Event {
    event(
        format!("evt_{name}"),
        "product.created",
        &json!({"id": format!("prod_{name}"), "object": "product"}),
    )
}

fn contribution(gift: u64) -> ContributionId {
    ContributionId::from_bytes(u128::from(gift).to_be_bytes())
}

fn amount(gift: u64) -> i64 {
    1000 + i64::try_from(gift % 1000).unwrap()
}

/// The events of one gift: three, or four if the gift is refunded.
pub(crate) fn events_of(gift: u64) -> Vec<Event> {
    let metadata = json!({"keepopen_contribution": contribution(gift).as_str(), "keepopen_site": "journal"});
    let intent = format!("pi_{gift}");
    let session = json!({
        "id": format!("cs_{gift}"), "object": "checkout.session", "mode": "payment", "status": "complete",
        "payment_status": "paid", "amount_total": amount(gift), "currency": "eur",
        "created": 1_795_000_000, "payment_intent": intent, "metadata": metadata,
        "customer_details": {"email": format!("reader{}@example.org", gift % 7)},
    });
    let charge = json!({
        "id": format!("ch_{gift}"), "object": "charge", "payment_intent": intent, "metadata": metadata,
        "amount_refunded": 0, "currency": "eur",
    });
    let refund = json!({
        "id": format!("re_{gift}"), "object": "refund", "status": "succeeded", "amount": amount(gift),
        "currency": "eur", "created": 1_795_000_000, "payment_intent": intent, "charge": format!("ch_{gift}"),
    });
    let mut events = vec![
        event(format!("evt_{gift}_session"), "checkout.session.completed", &session),
        event(format!("evt_{gift}_charge"), "charge.succeeded", &charge),
        unbooked_event(&format!("{gift}_product")),
    ];
    if gift.is_multiple_of(3) {
        events.push(event(format!("evt_{gift}_refund"), "refund.created", &refund));
    }
    events
}

/// The expected entries once these events are processed: each payment once, and each refund whose payment is known.
pub(crate) fn expected_lines(ids: &BTreeSet<String>) -> Vec<Line> {
    let mut lines = Vec::new();
    for id in ids {
        let Some(gift) = id.strip_prefix("evt_").and_then(|id| id.strip_suffix("_session")) else { continue };
        let number: u64 = gift.parse().unwrap();
        let line = |kind, object| (kind, object, contribution(number).to_string(), amount(number));
        lines.push(line("payment", format!("pi_{gift}")));
        if ids.contains(&format!("evt_{gift}_refund")) {
            lines.push(line("refund", format!("re_{gift}")));
        }
    }
    lines.sort();
    lines
}

/// The booked entries, as sorted lines.
pub(crate) fn booked_lines(entries: Vec<Entry>) -> Vec<Line> {
    let line = |it: Entry| (it.kind.as_str(), it.object, it.contribution.to_string(), it.money.amount_minor);
    let mut lines: Vec<Line> = entries.into_iter().map(line).collect();
    lines.sort();
    lines
}
