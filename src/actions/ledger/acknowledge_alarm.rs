//! Records that a person has looked at an alarm.

use crate::app::{Change, Context};
use crate::ids::AlarmId;
use crate::store::StoreError;
use crate::store::alarms::{self, Acknowledgement};

/// The maximum length of a name, in characters.
const MAX_NAME: usize = 100;
/// The maximum length of a reason, in characters.
const MAX_REASON: usize = 1_000;

/// The person who acknowledges an alarm, and the reason.
#[derive(Clone, Copy, Debug)]
pub struct AcknowledgementRequest<'a> {
    /// The name of the person who looked at the alarm.
    pub name: &'a str,
    /// What the person found.
    pub reason: &'a str,
}

/// Why an alarm was not acknowledged.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum AcknowledgeError {
    #[error(
        "there is no such alarm: it has closed, or its objects or amounts changed. List the alarms again"
    )]
    NotFound,
    #[error("name: write who reviewed it, on one line of up to {MAX_NAME} characters")]
    BadName,
    #[error("reason: write what you found, in up to {MAX_REASON} characters")]
    BadReason,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Acknowledges an open alarm, so that it no longer counts as open. The first acknowledgement is final: a second one
/// changes nothing and returns the first.
///
/// # Errors
/// See [`AcknowledgeError`].
pub async fn acknowledge_alarm(
    context: &Context<'_>,
    id: &AlarmId,
    by: AcknowledgementRequest<'_>,
) -> Result<Acknowledgement, AcknowledgeError> {
    let (name, reason) = (by.name.trim(), by.reason.trim());
    if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control) {
        return Err(AcknowledgeError::BadName);
    }
    let is_forbidden = |c: char| c.is_control() && c != '\n';
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.contains(is_forbidden) {
        return Err(AcknowledgeError::BadReason);
    }
    let mut tx = context.change().await?;
    if let Some(first) = alarms::acknowledgement(&mut tx, id).await? {
        return Ok(first);
    }
    let found = alarms::contribution_with_alarm(&mut tx, id).await?;
    let (contribution, open_alarms) = found.ok_or(AcknowledgeError::NotFound)?;
    let (acknowledged, still_open): (Vec<_>, Vec<_>) =
        open_alarms.into_iter().partition(|alarm| alarm.id == *id);
    let alarm = acknowledged.into_iter().next().ok_or(AcknowledgeError::NotFound)?.alarm;
    let acknowledgement = Acknowledgement {
        alarm_id: id.clone(),
        contribution,
        alarm,
        name: name.to_owned(),
        reason: reason.to_owned(),
        via: context.actor.label().to_owned(),
        acknowledged_at_ms: context.now_ms(),
    };
    alarms::acknowledge(&mut tx, &acknowledgement, &still_open).await?;
    let change = Change::new("alarm.acknowledge", id.as_str()).personal("name").personal("reason");
    tx.commit([change]).await?;
    Ok(acknowledgement)
}
