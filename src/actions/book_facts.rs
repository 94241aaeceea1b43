//! Adds facts to what is known, and writes anew what follows from them.

use std::collections::BTreeSet;

use crate::app::App;
use crate::contributions::{Alarm, Fact, Folded, fold};
use crate::ids::{ContributionId, SupporterId};
use crate::store::{Tx, books, objects, supporters};
use crate::supporters::Email;

/// Why facts can't be booked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its sentence")]
pub enum BookError {
    #[error("the database does not answer, or holds what can't be read ({0})")]
    Database(#[from] sqlx::Error),
    #[error("alarms can't be written ({0})")]
    Alarms(#[from] serde_json::Error),
}

/// What came of booking.
#[derive(Debug, Default)]
pub struct Booked {
    /// The gifts that were written anew.
    pub contributions: BTreeSet<ContributionId>,
    /// Epochs that rose: tell [`crate::tokens::Epochs`] after the commit.
    pub raised: Vec<(SupporterId, i64)>,
}

/// Books `facts` within `tx`. Facts of no gift of ours are kept: what ties
/// them to one may come later.
///
/// # Errors
/// See [`BookError`].
pub async fn book_facts(app: &App, tx: &mut Tx, facts: Vec<Fact>) -> Result<Booked, BookError> {
    let ids: Vec<String> = facts.iter().map(|fact| fact.id().to_owned()).collect();
    for fact in facts {
        objects::add(tx, fact).await?;
    }
    let mut booked = Booked::default();
    for id in ids {
        let known = objects::of_the_same_gift(tx, &id).await?;
        let Some(folded) = fold(&known) else { continue };
        if booked.contributions.insert(folded.contribution.id.clone()) {
            booked.raised.extend(write(app, tx, folded).await?);
        }
    }
    Ok(booked)
}

/// Writes one gift; the supporter's epoch if it rose.
async fn write(app: &App, tx: &mut Tx, mut folded: Folded) -> Result<Option<(SupporterId, i64)>, BookError> {
    let now_ms = app.now_ms();
    let email = folded.email.as_deref().and_then(|text| Email::parse(text).ok());
    if let Some(email) = &email {
        let known = supporters::by_email(tx, email).await?;
        let id = known.unwrap_or_else(|| SupporterId::of_email(&app.supporter_key, email.as_str()));
        supporters::put(tx, &id, email, folded.contribution.customer.as_deref(), now_ms).await?;
        folded.contribution.supporter = Some(id);
    }
    for alarm in &folded.alarms {
        match alarm {
            Alarm::TakenBackAbovePaid { .. } | Alarm::DisputeEndedTwice { .. } => {
                tracing::warn!(contribution = %folded.contribution.id, ?alarm, "this contribution does not add up; compare it with Stripe");
            }
            // Usually the missing event is on its way.
            Alarm::RefundsUnknown { .. } | Alarm::PaymentUnknown { .. } => {
                tracing::debug!(contribution = %folded.contribution.id, ?alarm, "something of this contribution is not known yet");
            }
        }
    }
    let alarms = serde_json::to_string(&folded.alarms)?;
    books::put_contribution(tx, &folded.contribution, &alarms).await?;
    for entry in &folded.entries {
        books::book(tx, entry, now_ms).await?;
    }
    let Some(id) = folded.contribution.supporter else { return Ok(None) };
    Ok(supporters::raise_epoch(tx, &id, now_ms).await?.map(|epoch| (id, epoch)))
}
