//! Stores new facts (what Stripe said about an object), and rewrites the contributions and entries that follow from
//! them. The function `fold` computes a contribution and its entries from all its facts.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;
use crate::contributions::{
    Contribution, DomainEvent, Fact, Folded, RaisedAlarm, facts_of_contribution, fold,
};
use crate::ids::{ContributionId, SupporterId};
use crate::keys::supporter_id;
use crate::store::{StoreError, Tx, alarms, ledger, objects, payments, standings, supporters, unbooked};
use crate::supporters::{Email, GiftSummary, StandingChange, standing_changed};

use super::emit_events::Emitter;

/// The earlier version of each fact that a booking changes, by the fact's id. It is `None` for a new fact.
type EarlierFacts = BTreeMap<String, Option<Fact>>;

/// The result of a booking.
#[derive(Debug, Default)]
pub struct Booked {
    /// The gifts that were rewritten.
    pub contributions: BTreeSet<ContributionId>,
    /// The supporters whose epoch was raised, with the new epoch. A raised epoch invalidates the supporter's earlier
    /// tokens (see `docs/decisions/0009-token-epochs.md`). Raise them in [`crate::keys::Epochs`] after the commit.
    pub raised: Vec<(SupporterId, i64)>,
    /// The site that the facts name, if it is not in the settings. The gift then belongs to another installation.
    pub other_site: Option<String>,
    /// Whether an unreadable event was put back into the queue, because it is about one of these gifts.
    pub has_requeued_events: bool,
    /// Supporters' standings that changed. Add them to [`crate::app::App::standings`] after the commit.
    pub standings: Vec<StandingChange>,
}

impl Booked {
    /// Updates the banner data of this instance. Call it after the commit. Other instances read the changes from the
    /// database.
    pub fn announce(&mut self, app: &App) {
        for (supporter, epoch) in self.raised.drain(..) {
            app.tokens.epochs.raise(&supporter, epoch);
        }
        if !self.standings.is_empty() {
            app.standings.add(self.standings.drain(..));
        }
    }
}

/// Books `facts` within `tx`. A fact that belongs to no known gift is stored too, because the object that links it to
/// a gift may arrive later. `E` receives the domain events.
///
/// # Errors
/// See [`StoreError`].
pub async fn book_facts<E: Emitter>(app: &App, tx: &mut Tx, facts: Vec<Fact>) -> Result<Booked, StoreError> {
    let ids: Vec<String> = facts.iter().map(|fact| fact.id().to_owned()).collect();
    let mut before = EarlierFacts::new();
    for fact in facts {
        let id = fact.id().to_owned();
        let customer = matches!(fact, Fact::Customer(_)).then(|| fact.id().to_owned());
        let earlier = objects::add(tx, fact).await?;
        before.entry(id).or_insert(earlier);
        if let Some(customer) = customer {
            record_email(tx, &customer).await?;
        }
    }
    let mut booked = Booked::default();
    for id in ids {
        rewrite_gift::<E>(&mut booked, app, tx, &id, &before).await?;
    }
    Ok(booked)
}

/// Rewrites one gift within `tx`. `object` is the id of the gift, or of any object that belongs to it.
///
/// # Errors
/// See [`StoreError`].
pub async fn rebuild_gift<E: Emitter>(app: &App, tx: &mut Tx, object: &str) -> Result<Booked, StoreError> {
    let mut booked = Booked::default();
    rewrite_gift::<E>(&mut booked, app, tx, object, &EarlierFacts::new()).await?;
    Ok(booked)
}

/// Rewrites one gift, and adds the result to `booked`. `object` is the id of the gift, or of any object that belongs to
/// it.
async fn rewrite_gift<E: Emitter>(
    booked: &mut Booked,
    app: &App,
    tx: &mut Tx,
    object: &str,
    before: &EarlierFacts,
) -> Result<(), StoreError> {
    let facts = objects::facts_of_gift_with(tx, object).await?;
    let Some(folded) = fold(&facts) else { return Ok(()) };
    let gift = &folded.contribution;
    if app.site(&gift.site).is_none() && !unbooked::is_our_gift(tx, gift).await? {
        unbooked::keep_other_gift(tx, gift).await?;
        booked.other_site = Some(gift.site.clone());
        return Ok(());
    }
    if booked.contributions.insert(gift.id.clone()) {
        booked.has_requeued_events |= unbooked::link_earlier_events(tx, gift, app.now_ms()).await?;
        let known_before = keys_of_earlier_events(tx, facts, before, gift).await?;
        write_gift::<E>(booked, app, tx, folded, &known_before).await?;
    }
    Ok(())
}

/// Returns the keys of the events that followed from the facts before this booking. There are none for a contribution
/// that is not stored yet.
async fn keys_of_earlier_events(
    tx: &mut Tx,
    facts: Vec<Fact>,
    before: &EarlierFacts,
    gift: &Contribution,
) -> Result<BTreeSet<String>, StoreError> {
    let earlier_facts = facts.into_iter().filter_map(|fact| match before.get(fact.id()) {
        Some(earlier) => earlier.clone(),
        None => Some(fact),
    });
    let folded = fold(&facts_of_contribution(&gift.id, earlier_facts.collect()));
    let events = folded.map(|it| it.events).unwrap_or_default();
    if events.is_empty() || !ledger::is_stored(tx, &gift.id).await? {
        return Ok(BTreeSet::new());
    }
    Ok(events.iter().map(DomainEvent::key).collect())
}

/// Stores the customer's newest known email address at Stripe. The supporter can be found by this address. The order
/// in which Stripe reports addresses does not matter.
async fn record_email(tx: &mut Tx, customer: &str) -> Result<(), StoreError> {
    let Some(Fact::Customer(known)) = objects::fact_about(tx, customer).await? else { return Ok(()) };
    match known.email.and_then(|email| Email::parse(&email.value).ok()) {
        Some(email) => supporters::put_customer_email(tx, customer, &email).await,
        None => Ok(()),
    }
}

/// Writes one gift. `known_before` contains the keys of the events that were emitted before.
async fn write_gift<E: Emitter>(
    booked: &mut Booked,
    app: &App,
    tx: &mut Tx,
    mut folded: Folded,
    known_before: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let now_ms = app.now_ms();
    let email = folded.email.as_deref().and_then(|text| Email::parse(text).ok());
    if let Some(email) = &email {
        let known_id = supporters::by_email(tx, email).await?;
        let id = known_id.unwrap_or_else(|| supporter_id(&app.vault.supporter_key(), email.as_str()));
        supporters::put(tx, &id, email, folded.contribution.customer.as_deref(), now_ms).await?;
        folded.contribution.supporter = Some(id);
    }
    let alarms = open_alarms(tx, &folded).await?;
    for alarm in &alarms {
        if alarm.alarm.may_close_by_itself() {
            tracing::debug!(contribution = %folded.contribution.id, %alarm, "this contribution is incomplete: something about it is not known yet");
        } else {
            tracing::warn!(contribution = %folded.contribution.id, %alarm, "contribution needs manual review; compare it with Stripe, then acknowledge the alarm");
        }
    }
    let alarms = alarms::to_json(&alarms)?;
    booked.standings.extend(changed_standings(app, tx, &folded.contribution).await?);
    ledger::put_contribution(tx, &folded.contribution, &alarms).await?;
    // The line above stores the gift's supporter, so the email address can be recorded only now.
    if email.is_some()
        && let Some(customer) = folded.contribution.customer.as_deref()
    {
        record_email(tx, customer).await?;
    }
    let booked_dates = ledger::booked(tx, &folded.contribution.id).await?;
    folded.keep_booked_dates(&booked_dates);
    for entry in folded.entries.iter().filter(|entry| !booked_dates.contains_key(&entry.cause())) {
        ledger::book(tx, entry, now_ms).await?;
    }
    let stored = payments::of_gift(tx, &folded.contribution.id).await?;
    for payment in folded.payments.iter().filter(|payment| !stored.contains(payment)) {
        payments::put(tx, payment).await?;
    }
    let mut events = std::mem::take(&mut folded.events);
    events.retain(|it| !known_before.contains(&it.key()));
    for event in &mut events {
        event.supporter.clone_from(&folded.contribution.supporter);
    }
    E::emit(tx, &events, now_ms).await?;
    if let Some(id) = folded.contribution.supporter
        && let Some(epoch) = supporters::raise_epoch(tx, &id, now_ms).await?
    {
        booked.raised.push((id, epoch));
    }
    Ok(())
}

/// Returns the gift's unacknowledged alarms.
async fn open_alarms(tx: &mut Tx, folded: &Folded) -> Result<Vec<RaisedAlarm>, StoreError> {
    if folded.alarms.is_empty() {
        return Ok(Vec::new());
    }
    let acknowledged = alarms::acknowledged(tx, &folded.contribution.id).await?;
    Ok(folded.alarms.iter().filter(|alarm| !acknowledged.contains(&alarm.id)).cloned().collect())
}

/// Records and returns the changes of standing that this contribution causes, for its supporter and for the supporter
/// to whom it belonged before.
async fn changed_standings(
    app: &App,
    tx: &mut Tx,
    contribution: &Contribution,
) -> Result<Vec<StandingChange>, StoreError> {
    // No banner request asks about a site that is not in the settings.
    let Some(site) = app.site(&contribution.site) else { return Ok(Vec::new()) };
    let former = ledger::supporter_of(tx, &contribution.id).await?;
    let people: BTreeSet<SupporterId> = former.into_iter().chain(contribution.supporter.clone()).collect();
    let changed_at_ms = app.now_ms();
    let mut changes = Vec::new();
    for supporter in people {
        let gifts = ledger::gift_summaries_of(tx, &supporter, &contribution.site).await?;
        let others = gifts.iter().filter(|(id, _)| *id != contribution.id).map(|(_, summary)| *summary);
        let this_gift =
            (contribution.supporter.as_ref() == Some(&supporter)).then(|| GiftSummary::of(contribution));
        let after: Vec<GiftSummary> = others.chain(this_gift).collect();
        let before: Vec<GiftSummary> = gifts.iter().map(|(_, summary)| *summary).collect();
        if let Some(now) = standing_changed(&before, &after, site.quiet_days, changed_at_ms) {
            standings::record_change(tx, &supporter, &contribution.site, changed_at_ms).await?;
            changes.push(StandingChange { supporter, site: contribution.site.clone(), changed_at_ms, now });
        }
    }
    Ok(changes)
}
