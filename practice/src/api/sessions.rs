//! The call `POST /v1/checkout/sessions`: reads its parameters and checks them before a session is created.

use serde_json::{Value, json};

use crate::api::form::Params;
use crate::flows::checkout::{self, SessionRequest};
use crate::flows::customers;
use crate::objects::session;
use crate::state::{Line, Plan, State, text};
use crate::{Refused, ids, money};

/// Every supported parameter. Other parameters are rejected as unknown.
const KNOWN_PARAMS: &[&str] = &[
    "mode",
    "success_url",
    "cancel_url",
    "customer",
    "customer_email",
    "customer_creation",
    "client_reference_id",
    "currency",
    "metadata[*]",
    "payment_intent_data[metadata][*]",
    "payment_intent_data[description]",
    "subscription_data[metadata][*]",
    "subscription_data[description]",
    "submit_type",
    "expires_at",
    "locale",
    "ui_mode",
    "payment_method_types[*]",
    "line_items[*][quantity]",
    "line_items[*][price_data][currency]",
    "line_items[*][price_data][unit_amount]",
    "line_items[*][price_data][product]",
    "line_items[*][price_data][product_data][name]",
    "line_items[*][price_data][product_data][description]",
    "line_items[*][price_data][product_data][metadata][*]",
    "line_items[*][price_data][recurring][interval]",
    "line_items[*][price_data][recurring][interval_count]",
];

/// The allowed times for which a session stays open, in seconds: from 30 minutes to 24 hours.
const ALLOWED_TTL_S: std::ops::RangeInclusive<i64> = 1_800..=86_400;
/// The maximum amount of a session, in minor units.
const MAX_MINOR: i64 = 99_999_999;
/// The minimum amount of a session, in minor units. At Stripe, the minimum differs slightly between currencies.
const MIN_MINOR: i64 = 50;

/// Creates a session, or returns the error of the first invalid parameter.
pub(crate) fn create(state: &mut State, params: &Params) -> Result<Value, Refused> {
    params.allow_only(KNOWN_PARAMS)?;
    let mode = params.label("mode", &["payment", "subscription"])?;
    let mode =
        mode.ok_or_else(|| Refused::param("parameter_missing", "mode", "Missing required param: mode."))?;
    let one_off = mode == "payment";
    check_combination(params, one_off)?;
    let expires_at = params.integer("expires_at")?;
    if expires_at.is_some_and(|at| !ALLOWED_TTL_S.contains(&(at - state.now()))) {
        let sentence = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.";
        return Err(Refused { param: Some("expires_at".to_owned()), ..Refused::invalid(None, sentence) });
    }
    if let Some(customer) = params.get("customer") {
        customers::existing_customer(state, customer)
            .map_err(|_| Refused { status: 400, ..Refused::missing("customer", "customer", customer) })?;
    }
    let caller_fields = json!({
        "success_url": url(params, "success_url")?,
        "cancel_url": params.get("cancel_url").map(|_| url(params, "cancel_url")).transpose()?,
        "customer": params.or_null("customer"),
        "customer_email": email(params)?,
        "customer_creation": params.label("customer_creation", &["always", "if_required"])?,
        "client_reference_id": params.or_null("client_reference_id"),
        "locale": params.or_null("locale"),
        "submit_type": params.label("submit_type", &["auto", "book", "donate", "pay", "subscribe"])?,
        "metadata": params.metadata("metadata")?,
    });
    params.label("ui_mode", &["hosted", "hosted_page"])?;
    let (plan, currency) = plan(state, params, one_off)?;
    let request = SessionRequest { mode: mode.to_owned(), currency, expires_at, plan, caller_fields };
    Ok(checkout::create(state, request))
}

/// Rejects parameters that do not belong to the session's mode, and parameters that exclude each other.
fn check_combination(params: &Params, one_off: bool) -> Result<(), Refused> {
    let wrong = |name: &str, sentence: String| {
        Err(Refused { param: Some(name.to_owned()), ..Refused::invalid(None, sentence) })
    };
    if !one_off && params.get("customer_creation").is_some() {
        return wrong(
            "customer_creation",
            "`customer_creation` can only be used in `payment` mode.".to_owned(),
        );
    }
    let intent_data = params.nested("payment_intent_data[metadata]").len()
        + usize::from(params.get("payment_intent_data[description]").is_some());
    if !one_off && intent_data > 0 {
        return wrong(
            "payment_intent_data",
            "You can not pass `payment_intent_data` in `subscription` mode.".to_owned(),
        );
    }
    let subscription_data = params.nested("subscription_data[metadata]").len()
        + usize::from(params.get("subscription_data[description]").is_some());
    if one_off && subscription_data > 0 {
        return wrong(
            "subscription_data",
            "You can not pass `subscription_data` in `payment` mode.".to_owned(),
        );
    }
    if params.get("customer").is_some() {
        for other in ["customer_email", "customer_creation"] {
            if params.get(other).is_some() {
                return wrong(
                    other,
                    format!("You may only specify one of these parameters: customer, {other}."),
                );
            }
        }
    }
    Ok(())
}

/// Reads the lines of the session, and the data for its payment intent or subscription. Also returns the currency.
fn plan(state: &State, params: &Params, one_off: bool) -> Result<(Plan, String), Refused> {
    let mut lines = Vec::new();
    let mut currency = String::new();
    let mut interval = None;
    // Lines are numbered from 0 without gaps, so the first missing number ends the list.
    for number in 0.. {
        let base = format!("line_items[{number}]");
        if params.get(&format!("{base}[price_data][currency]")).is_none()
            && params.get(&format!("{base}[price_data][unit_amount]")).is_none()
        {
            break;
        }
        let line = line(state, params, &base, one_off)?;
        let line_currency = text(&line.price, "currency").to_owned();
        if !currency.is_empty() && currency != line_currency {
            return Err(Refused::param(
                "parameter_invalid",
                &base,
                "All prices of a Checkout Session must be in one currency.",
            ));
        }
        let recurring = &line.price["recurring"];
        interval = recurring["interval"]
            .as_str()
            .map(|unit| (unit.to_owned(), recurring["interval_count"].as_i64().unwrap_or(1)));
        currency = line_currency;
        lines.push(line);
    }
    if lines.is_empty() {
        return Err(Refused::param("parameter_missing", "line_items", "Missing required param: line_items."));
    }
    let total_minor: i64 = lines.iter().map(Line::amount_minor).sum();
    if total_minor < MIN_MINOR {
        let sentence = format!(
            "The Checkout Session's total amount due must add up to at least {}.",
            money::format(MIN_MINOR, &currency)
        );
        return Err(Refused::invalid(Some("amount_too_small"), sentence));
    }
    if total_minor > MAX_MINOR {
        let sentence = format!(
            "The Checkout Session's total amount due must be no more than {}.",
            money::format(MAX_MINOR, &currency)
        );
        return Err(Refused::invalid(Some("amount_too_large"), sentence));
    }
    let plan = Plan {
        lines,
        interval,
        intent_metadata: params.metadata("payment_intent_data[metadata]")?,
        intent_description: params.or_null("payment_intent_data[description]"),
        subscription_metadata: params.metadata("subscription_data[metadata]")?,
        subscription_description: params.or_null("subscription_data[description]"),
        ..Plan::default()
    };
    Ok((plan, currency))
}

/// Reads one line. `base` is the start of the names of its parameters, such as `line_items[0]`.
fn line(state: &State, params: &Params, base: &str, one_off: bool) -> Result<Line, Refused> {
    let name_of = |rest: &str| format!("{base}[price_data]{rest}");
    let currency = params.require(&name_of("[currency]"))?.to_ascii_lowercase();
    if money::decimals(&currency).is_none() {
        let sentence = format!("Invalid currency: {currency}.");
        return Err(Refused { param: Some(name_of("[currency]")), ..Refused::invalid(None, sentence) });
    }
    let amount_name = name_of("[unit_amount]");
    params.require(&amount_name)?;
    let amount_minor = params.integer(&amount_name)?.unwrap_or_default();
    if !(0..=MAX_MINOR).contains(&amount_minor) {
        let sentence = format!("Invalid amount: it must be between 0 and {MAX_MINOR}.");
        return Err(Refused::param("parameter_invalid_integer", &amount_name, sentence));
    }
    let name = match (params.get(&name_of("[product_data][name]")), params.get(&name_of("[product]"))) {
        (Some(name), _) => name.to_owned(),
        (None, Some(product)) => product.to_owned(),
        (None, None) => {
            return Err(Refused::param(
                "parameter_missing",
                &name_of("[product_data][name]"),
                "A price needs `product_data[name]` or `product`.",
            ));
        }
    };
    let interval = params
        .label(&name_of("[recurring][interval]"), &["day", "week", "month", "year"])?
        .map(str::to_owned);
    if one_off == interval.is_some() {
        let sentence = if one_off {
            "You specified `payment` mode but passed a recurring price."
        } else {
            "You specified `subscription` mode but passed a price that does not recur."
        };
        return Err(Refused { param: Some(base.to_owned()), ..Refused::invalid(None, sentence) });
    }
    let count = params.integer(&name_of("[recurring][interval_count]"))?.unwrap_or(1).clamp(1, 1_095);
    let quantity = params.integer(&format!("{base}[quantity]"))?.unwrap_or(1);
    if !(1..=999_999).contains(&quantity) {
        return Err(Refused::param(
            "parameter_invalid_integer",
            &format!("{base}[quantity]"),
            "Invalid quantity.",
        ));
    }
    let interval = interval.map(|unit| (unit, count));
    let price = session::price(&currency, amount_minor, interval.as_ref(), &ids::new("prod_"), state.now());
    Ok(Line { id: ids::new("li_"), name, price, quantity })
}

fn url(params: &Params, name: &str) -> Result<Value, Refused> {
    let text = params.require(name)?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(rest)
            if !rest.is_empty()
                && text.len() <= 5_000
                && !text.chars().any(|c| c.is_control() || c == ' ') =>
        {
            Ok(json!(text))
        }
        _ => Err(Refused::param("url_invalid", name, "Not a valid URL")),
    }
}

fn email(params: &Params) -> Result<Value, Refused> {
    match params.get("customer_email") {
        Some(email) if !email.contains('@') => {
            Err(Refused::param("email_invalid", "customer_email", format!("Invalid email address: {email}")))
        }
        _ => Ok(params.or_null("customer_email")),
    }
}
