//! Every kind of object that the API can read, with its path and the filters of its list.

/// A kind of object that the API can read, with its path and the filters of its list.
pub(crate) struct Resource {
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) filters: &'static [(&'static str, &'static str)],
}

/// Every kind of object that the API can read. A filter is a parameter, and the JSON pointer of the field that must
/// have the parameter's value.
pub(crate) const RESOURCES: &[Resource] = &[
    Resource {
        path: "checkout/sessions",
        kind: "checkout.session",
        filters: &[
            ("customer", "/customer"),
            ("payment_intent", "/payment_intent"),
            ("subscription", "/subscription"),
            ("status", "/status"),
        ],
    },
    Resource { path: "payment_intents", kind: "payment_intent", filters: &[("customer", "/customer")] },
    Resource {
        path: "charges",
        kind: "charge",
        filters: &[("customer", "/customer"), ("payment_intent", "/payment_intent")],
    },
    Resource {
        path: "invoices",
        kind: "invoice",
        filters: &[
            ("customer", "/customer"),
            ("status", "/status"),
            ("subscription", "/parent/subscription_details/subscription"),
        ],
    },
    Resource {
        path: "invoice_payments",
        kind: "invoice_payment",
        filters: &[
            ("invoice", "/invoice"),
            ("status", "/status"),
            ("payment[type]", "/payment/type"),
            ("payment[payment_intent]", "/payment/payment_intent"),
        ],
    },
    Resource {
        path: "subscriptions",
        kind: "subscription",
        filters: &[("customer", "/customer"), ("status", "/status")],
    },
    Resource { path: "customers", kind: "customer", filters: &[("email", "/email")] },
    Resource {
        path: "payment_methods",
        kind: "payment_method",
        filters: &[("customer", "/customer"), ("type", "/type")],
    },
    Resource {
        path: "refunds",
        kind: "refund",
        filters: &[("charge", "/charge"), ("payment_intent", "/payment_intent")],
    },
    Resource {
        path: "disputes",
        kind: "dispute",
        filters: &[("charge", "/charge"), ("payment_intent", "/payment_intent")],
    },
    Resource {
        path: "balance_transactions",
        kind: "balance_transaction",
        filters: &[("source", "/source"), ("type", "/type"), ("currency", "/currency")],
    },
    Resource {
        path: "radar/early_fraud_warnings",
        kind: "radar.early_fraud_warning",
        filters: &[("charge", "/charge"), ("payment_intent", "/payment_intent")],
    },
    Resource { path: "reviews", kind: "review", filters: &[] },
    Resource { path: "mandates", kind: "mandate", filters: &[] },
    Resource {
        path: "payouts",
        kind: "payout",
        filters: &[("destination", "/destination"), ("status", "/status")],
    },
    Resource { path: "events", kind: "event", filters: &[("type", "/type")] },
];

impl Resource {
    /// The parameters that only this list has, and that are not simple comparisons with a field.
    pub(crate) fn extra_params(&self) -> &'static [&'static str] {
        match self.kind {
            "balance_transaction" => &["payout"],
            "event" => &["types[*]", "delivery_success"],
            "payout" => &["arrival_date", "arrival_date[*]"],
            _ => &[],
        }
    }
}

/// The kind of object with this URL path, relative to `/v1/`.
pub(crate) fn resource(path: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.path == path)
}
