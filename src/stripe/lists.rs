//! Requests lists of Stripe's objects, for the comparison with the ledger.

use miniserde::Deserialize;
use miniserde::json::{Object, Value};
use serde_json::{Value as Json, json};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{CallError, Gateway};

/// The number of objects per page. This is Stripe's maximum.
const PAGE_SIZE: usize = 100;

/// Asks Stripe to include the transaction that returned a payout's money. The transaction's time is the time of the
/// return.
const RETURN_OF_PAYOUT: (&str, &str) = ("expand[]", "data.failure_balance_transaction");

/// One of Stripe's lists, and how to request it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// The list's path below `/v1`.
    path: &'static str,
    /// The query parameters, except the time.
    query: &'static [(&'static str, &'static str)],
    /// The name of one of the list's objects, for people.
    pub what: &'static str,
    /// The name of the list, for people.
    pub name: &'static str,
}

impl List {
    /// The list of events, which Stripe keeps for 30 days.
    pub const EVENTS: Self = Self { path: "/events", query: &[], what: "event", name: "events" };
    /// The list of balance transactions.
    pub const TRANSACTIONS: Self = Self {
        path: "/balance_transactions",
        query: &[],
        what: "balance transaction",
        name: "balance transactions",
    };
    /// The list of payouts to the bank.
    pub const PAYOUTS: Self =
        Self { path: "/payouts", query: &[RETURN_OF_PAYOUT], what: "payout", name: "payouts" };
    /// The lists of returned payouts. A bank can return a payout long after it was created.
    pub const RETURNED_PAYOUTS: [Self; 2] = [
        Self {
            path: "/payouts",
            query: &[("status", "failed"), RETURN_OF_PAYOUT],
            what: "payout",
            name: "failed payouts",
        },
        Self {
            path: "/payouts",
            query: &[("status", "canceled"), RETURN_OF_PAYOUT],
            what: "payout",
            name: "canceled payouts",
        },
    ];
    /// The lists of the balance and its payouts.
    pub const OF_BALANCE: [Self; 4] =
        [Self::TRANSACTIONS, Self::PAYOUTS, Self::RETURNED_PAYOUTS[0], Self::RETURNED_PAYOUTS[1]];
    /// The lists of a gift's objects. If one object is assigned to its gift through another object, the list of the
    /// other object comes first.
    pub const OF_GIFTS: [Self; 7] = [
        Self {
            path: "/checkout/sessions",
            query: &[("expand[]", "data.payment_intent.latest_charge")],
            what: "Checkout Session",
            name: "Checkout Sessions",
        },
        // Stripe lists closed subscriptions only on request.
        Self {
            path: "/subscriptions",
            query: &[("status", "all")],
            what: "subscription",
            name: "subscriptions",
        },
        Self {
            path: "/invoices",
            query: &[("expand[]", "data.payments")],
            what: "invoice",
            name: "invoices",
        },
        Self { path: "/payment_intents", query: &[], what: "payment intent", name: "payment intents" },
        Self { path: "/charges", query: &[], what: "charge", name: "charges" },
        Self { path: "/refunds", query: &[], what: "refund", name: "refunds" },
        Self { path: "/disputes", query: &[], what: "dispute", name: "disputes" },
    ];
}

/// An object in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The object's id.
    pub id: String,
    /// When Stripe created the object, in seconds since 1970; 0 if unknown.
    pub created_s: i64,
    /// The object in JSON.
    pub body: String,
}

/// One page of a list, newest first.
#[derive(Debug)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// The id after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct PageJson {
    data: Vec<Object>,
    has_more: bool,
}

impl Gateway {
    /// Returns a page of the objects that were created at or after `from_s` (seconds since 1970) and follow the
    /// object `after`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn list(&self, list: List, from_s: i64, after: Option<&str>) -> Result<Page, CallError> {
        let mut query = json!({ "created": { "gte": from_s } });
        for (name, value) in list.query {
            match name.strip_suffix("[]") {
                Some(name) => query[name] = json!([value]),
                None => query[*name] = json!(value),
            }
        }
        self.page(list.path, query, after).await
    }

    /// Returns a page of the balance transactions in a payout.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn list_payout(&self, payout: &str, after: Option<&str>) -> Result<Page, CallError> {
        self.page(List::TRANSACTIONS.path, json!({ "payout": payout }), after).await
    }

    async fn page(&self, path: &str, mut query: Json, after: Option<&str>) -> Result<Page, CallError> {
        let client = self.client()?;
        query["limit"] = json!(PAGE_SIZE);
        if let Some(after) = after {
            query["starting_after"] = json!(after);
        }
        let send = || RequestBuilder::new(StripeMethod::Get, path).query(&query).customize::<PageJson>();
        let response = self.send_with_retries(client, send).await?;
        let objects: Vec<Listed> = response.data.into_iter().filter_map(to_listed).collect();
        let next = objects.last().filter(|_| response.has_more).map(|last| last.id.clone());
        Ok(Page { objects, next })
    }

    /// Fetches an object as JSON text. `object_type` is Stripe's name for the type, such as `charge`. Returns `None`
    /// for an unknown type.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn fetch(&self, object_type: &str, id: &str) -> Result<Option<String>, CallError> {
        let list_path = match object_type {
            "checkout.session" => return Ok(Some(self.fetch_session(id).await?)),
            "subscription" => "/subscriptions",
            "invoice" => "/invoices",
            "payment_intent" => "/payment_intents",
            "charge" => "/charges",
            "refund" => "/refunds",
            "dispute" => "/disputes",
            "payout" => "/payouts",
            "customer" => "/customers",
            _ => return Ok(None),
        };
        let client = self.client()?;
        let path = format!("{list_path}/{id}");
        let send = || {
            let request = RequestBuilder::new(StripeMethod::Get, path.as_str());
            // Stripe includes an invoice's payments in its response only on request.
            let request = if object_type == "invoice" {
                request.query(&json!({ "expand": ["payments"] }))
            } else {
                request
            };
            request.customize::<Value>()
        };
        let value = self.send_with_retries(client, send).await?;
        Ok(Some(miniserde::json::to_string(&value)))
    }
}

/// Converts an object of a list. Returns `None` if the object has no id, because it could not be requested again.
fn to_listed(object: Object) -> Option<Listed> {
    let Some(Value::String(id)) = object.get("id") else { return None };
    let created_s = match object.get("created") {
        Some(Value::Number(number)) => number.to_string().parse().unwrap_or(0),
        _ => 0,
    };
    Some(Listed { id: id.clone(), created_s, body: miniserde::json::to_string(&object) })
}
