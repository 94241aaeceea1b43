//! The life of a Checkout Session: it is created, then paid or expired, and a bank debit settles later.

use serde_json::{Value, json};

use crate::flows::{billing, payments};
use crate::objects::payment::{self, Method, NewIntent, Payer};
use crate::objects::session::{self, NewSession};
use crate::state::{Plan, State, number, text};
use crate::{PaymentChoice, Refused, ids};

/// The e-mail address on the hosted page if neither the session nor its customer has one.
pub(crate) const PRACTICE_EMAIL: &str = "reader@example.org";
const PRACTICE_NAME: &str = "Practice Reader";

/// A validated request for a new session.
pub(crate) struct SessionRequest {
    pub(crate) mode: String,
    pub(crate) currency: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) plan: Plan,
    /// The caller's fields that the session shows unchanged.
    pub(crate) caller_fields: Value,
}

/// How long a session stays open by default, in seconds.
const DEFAULT_TTL_S: i64 = 86_400;

/// Creates an open session. As with Stripe, no event reports it.
pub(crate) fn create(state: &mut State, request: SessionRequest) -> Value {
    let id = ids::session();
    let url = format!("{}/pay/{id}", state.base_url);
    let now = state.now();
    let object = session::session(&NewSession {
        id: &id,
        url: &url,
        now,
        expires_at: request.expires_at.unwrap_or(now + DEFAULT_TTL_S),
        mode: &request.mode,
        currency: &request.currency,
        amount_minor: request.plan.lines.iter().map(crate::state::Line::amount_minor).sum(),
        caller_fields: &request.caller_fields,
    });
    state.plans.insert(id.clone(), request.plan);
    state.put(object.clone());
    object
}

/// Pays an open session and returns its new state. A declined card leaves the session open.
pub(crate) fn pay(
    state: &mut State,
    session_id: &str,
    how: PaymentChoice,
    payer: Option<Payer>,
) -> Result<Value, Refused> {
    let session = open_session(state, session_id)?;
    let payer = payer
        .unwrap_or_else(|| Payer { email: prefilled_email(state, &session), name: PRACTICE_NAME.to_owned() });
    if how == PaymentChoice::Decline {
        decline(state, &session, &payer);
        return Ok(state.copy_of(session_id));
    }
    let method = if how == PaymentChoice::Card { Method::Card } else { Method::BankDebit };
    let customer = customer_for(state, &session, &payer);
    let payment_fields = if text(&session, "mode") == "subscription" {
        billing::begin_subscription(state, &session, &customer, &payer, method)
    } else {
        pay_once(state, &session, &customer, &payer, method)
    };
    let mut fields = json!({
        "customer": customer,
        "customer_details": session::customer_details(&payer.email, &payer.name),
        "payment_status": if method == Method::Card { "paid" } else { "unpaid" },
        "status": "complete",
        "url": null,
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, payment_fields) {
        fields.extend(more);
    }
    state.set(session_id, fields);
    state.emit("checkout.session.completed", session_id);
    Ok(state.copy_of(session_id))
}

/// The e-mail address with which the hosted page is prefilled.
pub(crate) fn prefilled_email(state: &State, session: &Value) -> String {
    let known = state.copy_of(text(session, "customer"));
    [text(session, "customer_email"), text(&known, "email"), PRACTICE_EMAIL]
        .into_iter()
        .find(|email| !email.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// Settles the pending bank debit of a completed session if `ok` is true. Otherwise, makes it fail.
pub(crate) fn settle_bank_debit(state: &mut State, session_id: &str, ok: bool) -> Result<(), Refused> {
    let session = state.require("checkout.session", session_id)?;
    let plan = state.plans.get(session_id).cloned().unwrap_or_default();
    let pending_intent = plan.payment_intent.filter(|intent| {
        text(&session, "status") == "complete" && payments::pending_charge(state, intent).is_some()
    });
    let Some(intent) = pending_intent else {
        return Err(Refused::invalid(None, "This Checkout Session has no pending bank debit."));
    };
    let method = text(&state.copy_of(&intent), "payment_method").to_owned();
    if ok {
        state.set(session_id, json!({ "payment_status": "paid" }));
        state.emit("checkout.session.async_payment_succeeded", session_id);
        payments::succeed(state, &intent, &method);
    } else {
        state.emit("checkout.session.async_payment_failed", session_id);
        payments::fail(state, &intent, &method);
    }
    if let Some(invoice) = plan.invoice {
        if ok { billing::invoice_paid(state, &invoice) } else { billing::invoice_failed(state, &invoice) }
    }
    Ok(())
}

/// Expires an open session.
pub(crate) fn expire(state: &mut State, session_id: &str) -> Result<Value, Refused> {
    open_session(state, session_id)?;
    expire_and_cancel_payment(state, session_id);
    Ok(state.copy_of(session_id))
}

/// Expires every open session whose expiry time has passed.
pub(crate) fn expire_overdue(state: &mut State) {
    let now = state.now();
    let overdue: Vec<String> = state
        .all("checkout.session")
        .filter(|session| text(session, "status") == "open" && number(session, "expires_at") <= now)
        .map(|session| text(session, "id").to_owned())
        .collect();
    for id in overdue {
        expire_and_cancel_payment(state, &id);
    }
}

/// Expires a session. If somebody tried to pay, also cancels the payment.
fn expire_and_cancel_payment(state: &mut State, session_id: &str) {
    state.set(session_id, json!({ "status": "expired", "url": null }));
    state.emit("checkout.session.expired", session_id);
    let intent = state.plans.get(session_id).and_then(|plan| plan.payment_intent.clone());
    if let Some(intent) = intent {
        // An error means that the payment can no longer be canceled, because it has succeeded or no longer exists.
        let _ = payments::cancel(state, &intent, "expired");
    }
}

/// Cancels a payment. Returns an error if the payment belongs to a session that is still open.
pub(crate) fn cancel_payment(state: &mut State, intent: &str, reason: &str) -> Result<(), Refused> {
    let mut sessions = state.plans.iter().filter(|(_, plan)| plan.payment_intent.as_deref() == Some(intent));
    if sessions.any(|(session, _)| text(&state.copy_of(session), "status") == "open") {
        let sentence = format!(
            "You cannot perform this action on PaymentIntent {intent} created by Checkout. Expire the Checkout Session instead."
        );
        return Err(Refused::invalid(None, sentence));
    }
    payments::cancel(state, intent, reason)
}

fn open_session(state: &State, session_id: &str) -> Result<Value, Refused> {
    let session = state.require("checkout.session", session_id)?;
    match text(&session, "status") {
        "open" => Ok(session),
        status => Err(Refused::invalid(
            None,
            format!(
                "Only Checkout Sessions with a status in [\"open\"] can be changed. This one has a status of {status}."
            ),
        )),
    }
}

fn pay_once(state: &mut State, session: &Value, customer: &Value, payer: &Payer, method: Method) -> Value {
    let intent = intent_for(state, session);
    state.set(&intent, json!({ "customer": customer }));
    let method_id = payments::create_method(state, method, payer, customer);
    match method {
        Method::Card => payments::succeed(state, &intent, &method_id),
        Method::BankDebit => payments::begin_bank_debit(state, &intent, &method_id),
    }
    json!({ "payment_intent": intent })
}

fn decline(state: &mut State, session: &Value, payer: &Payer) {
    let intent = intent_for(state, session);
    let method = payments::create_method(state, Method::Card, payer, &Value::Null);
    payments::fail(state, &intent, &method);
}

/// The payment intent of the session. It is created at the first attempt to pay.
pub(crate) fn intent_for(state: &mut State, session: &Value) -> String {
    let session_id = text(session, "id");
    let plan = state.plans.get(session_id).cloned().unwrap_or_default();
    if let Some(intent) = plan.payment_intent {
        return intent;
    }
    let recurring = text(session, "mode") == "subscription";
    let intent = payments::create_intent(
        state,
        &NewIntent {
            amount_minor: number(session, "amount_total"),
            currency: text(session, "currency"),
            customer: session["customer"].clone(),
            // The payment intents of a subscription do not have the caller's metadata, as with Stripe.
            metadata: if recurring { json!({}) } else { plan.intent_metadata },
            description: if recurring { json!("Subscription creation") } else { plan.intent_description },
            now: state.now(),
        },
    );
    if let Some(plan) = state.plans.get_mut(session_id) {
        plan.payment_intent = Some(intent.clone());
    }
    intent
}

/// The id of the session's customer: the one that the caller gave, or a new one. Null if the session needs no customer.
fn customer_for(state: &mut State, session: &Value, payer: &Payer) -> Value {
    let needs_customer =
        text(session, "mode") == "subscription" || text(session, "customer_creation") == "always";
    if !session["customer"].is_null() || !needs_customer {
        return session["customer"].clone();
    }
    let now = state.now();
    let customer = state.put(payment::customer(payer, text(session, "currency"), now));
    state.emit("customer.created", &customer);
    json!(customer)
}
