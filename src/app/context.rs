//! Defines what an action receives, and the only two ways to write: a change that leaves an audit row, or a listed
//! kind of write that needs none.

use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};

use super::actor::Actor;
use crate::clock::Clock;
use crate::sites::Settings;
use crate::store::audit::{self, AuditRow};
use crate::store::{Store, StoreError, Tx};
use crate::stripe::Gateway;

/// Everything that an action needs, and who is acting.
#[derive(Clone)]
pub struct Context<'a> {
    /// The database.
    pub store: &'a Store,
    /// Stripe's API.
    pub stripe: &'a Gateway,
    /// The settings.
    pub settings: &'a Settings,
    /// The clock.
    pub clock: &'a Clock,
    /// Who is acting.
    pub actor: Actor,
    /// The id of the HTTP request, if there is one.
    pub request_id: Option<String>,
}

/// The kinds of writes that leave no audit row, each with the reason.
///
/// Every other write is a [`Change`]. That includes everything that a person or an API key causes. It also includes
/// every change of appeals, switches, keys, alarms, the connection to Stripe and the ledger's seals (signed digests),
/// even if a job causes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineWrite {
    /// Books what Stripe reported, or stores what was fetched from it. The inbox and the ledger are append-only and
    /// name the cause and the time of every entry.
    Booking,
    /// Stores the progress of a comparison with Stripe, its findings, and its lease. (The lease keeps other instances
    /// from comparing at the same time.) Such a write changes no money.
    Reconciliation,
    /// Adds views, clicks and dismissals to hourly counts. The counts can't be traced to a person.
    Counts,
    /// Stores a reader's attempt to give, or the fact that the attempt's token was fetched. Readers are many and
    /// anonymous, and the row itself contains the time.
    Checkout,
    /// Stores how readers are split between an appeal's variants in one hour. The split is learned from results.
    Weights,
    /// Stores the result of a task and removes the task from the queue, or records its failure. So far, every kind of
    /// task fetches an object from Stripe and books it.
    Queue,
    /// Stores the time of Stripe's last delivery.
    LastDelivery,
    /// Tests whether the database accepts writes.
    WriteProbe,
}

impl Context<'_> {
    /// Returns the current time, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Begins a change. The change is committed together with its audit rows, or not at all.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change(&self) -> Result<ChangeTx<'_>, StoreError> {
        Ok(ChangeTx { tx: self.store.begin().await?, context: self })
    }

    /// Begins a write that leaves no audit row.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn machine_write(&self, _: MachineWrite) -> Result<Tx, StoreError> {
        self.store.begin().await
    }
}

/// A transaction that changes something. If it is dropped without a commit, it is rolled back.
pub struct ChangeTx<'a> {
    tx: Tx,
    context: &'a Context<'a>,
}

impl ChangeTx<'_> {
    /// Writes an audit row for each change and commits. If `changes` is empty, nothing is committed, so an action
    /// that forgets to record its changes has no effect.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn commit(mut self, changes: impl IntoIterator<Item = Change>) -> Result<(), StoreError> {
        let Context { actor, request_id, .. } = self.context;
        let mut has_changes = false;
        for change in changes {
            has_changes = true;
            let row = AuditRow {
                seq: 0,
                at_ms: self.context.now_ms(),
                actor: actor.kind().to_owned(),
                actor_id: actor.id().map(str::to_owned),
                actor_role: actor.role().map(str::to_owned),
                action: change.action.to_owned(),
                object_type: change.object_type.to_owned(),
                object_id: change.object_id,
                changes: Value::Array(change.fields).to_string(),
                request_id: request_id.clone(),
            };
            audit::append(&mut self.tx, row).await?;
        }
        if has_changes { self.tx.commit().await } else { Ok(()) }
    }
}

impl Deref for ChangeTx<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for ChangeTx<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

/// The audit record of a change to one object.
#[derive(Debug)]
pub struct Change {
    action: &'static str,
    object_type: &'static str,
    object_id: String,
    fields: Vec<Value>,
}

impl Change {
    /// Creates the record of a change to one object. `action` is the kind of object and a verb, such as
    /// `appeal.publish`.
    pub fn new(action: &'static str, object_id: impl Into<String>) -> Self {
        let object_type = action.split_once('.').map_or(action, |(object_type, _)| object_type);
        Self { action, object_type, object_id: object_id.into(), fields: Vec::new() }
    }

    /// Records a field with its values before and after the change. The values must not be personal data.
    #[must_use]
    pub fn field(mut self, name: &str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        self.fields.push(json!({"field": name, "before": before.into(), "after": after.into()}));
        self
    }

    /// Records that a field was set, without its values, because they may be personal data. Only the field's name is
    /// stored.
    #[must_use]
    pub fn personal(mut self, name: &str) -> Self {
        self.fields.push(json!({"field": name, "personal": true}));
        self
    }
}
