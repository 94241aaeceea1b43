//! The comparison of Stripe with the ledger, as a page for the finance desk. It has no script and no personal data.

use actix_web::{HttpResponse, get};
use askama::Template;
use icu_locale_core::locale;
use serde_json::Value;

use super::State;
use crate::clock::{ago, random_bytes};
use crate::money::Currency;
use crate::reports::{AlarmFields, Comparison, ComparisonLine, compare_with_stripe};
use crate::store::comparisons::ListProgress;
use crate::store::other_money::OtherMoney;
use crate::store::sweeps::Finding;
use crate::web::problem::Problem;
use crate::web::{Formats, Frame, PageProblem, Time, page};

/// Serves the page, which says for example "Stripe says 41,230.00 net, we say 41,230.00, checked 4 minutes ago."
#[get("/books")]
pub async fn books_page(app: State) -> Result<HttpResponse, PageProblem> {
    let comparison = compare_with_stripe(&app.store, app.now_ms()).await;
    let comparison = comparison.map_err(|error| Problem::store(&error))?;
    let reconciliation = ReconciliationPage::new(&comparison, app.now_ms(), random_bytes());
    page(&reconciliation.frame, &reconciliation)
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage {
    frame: Frame,
    checked: String,
    objects_checked: String,
    lines: Vec<Line>,
    /// The sections that have rows.
    sections: Vec<Section>,
}

/// The amounts of one site in one currency.
struct Line {
    site: String,
    currency: String,
    stripe: String,
    ledger: String,
    agreement: Agreement,
    amounts: [(&'static str, String); 4],
}

/// Whether Stripe and the ledger agree, as a sentence.
struct Agreement {
    is_good: bool,
    text: String,
}

/// A table with a heading.
struct Section {
    title: &'static str,
    /// The text between the heading and the table.
    lead: String,
    is_warning: bool,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

struct Column {
    name: &'static str,
    is_number: bool,
}

enum Cell {
    Text(String),
    Id(String),
    Number(String),
    Time(Time),
}

impl ReconciliationPage {
    fn new(comparison: &Comparison, now_ms: i64, nonce: [u8; 16]) -> Self {
        // The page is written in English.
        let formats = Formats::new(&locale!("en"));
        let sections = [
            incomplete_section(comparison),
            needs_review_section(comparison, &formats),
            found_section(
                comparison,
                false,
                "Check with Stripe",
                "We can't read these objects, or they don't add up. Check them in Stripe's dashboard.",
            ),
            found_section(
                comparison,
                true,
                "Found during reconciliation",
                "No webhook reported these objects. The comparison with Stripe found and recorded them.",
            ),
            other_money_section(comparison, &formats),
        ];
        Self {
            frame: Frame::new("Stripe and our ledger", nonce),
            checked: ago(comparison.checked_at_ms, now_ms),
            objects_checked: ago(comparison.objects_checked_at_ms, now_ms),
            lines: comparison.lines.iter().map(|line| Line::new(line, &formats)).collect(),
            sections: sections.into_iter().filter(|section| !section.rows.is_empty()).collect(),
        }
    }
}

impl Line {
    fn new(line: &ComparisonLine, formats: &Formats) -> Self {
        let format_amount = |minor| amount(formats, minor, &line.currency);
        Self {
            site: line.site.clone(),
            currency: line.currency.clone(),
            stripe: format_amount(line.stripe_net_minor),
            ledger: format_amount(line.ledger_net_minor),
            agreement: Agreement::new(line, formats),
            amounts: [
                ("Recorded, not yet settled by Stripe", format_amount(line.unsettled_minor)),
                ("Sent to the bank", format_amount(line.paid_out_minor)),
                ("Settled, still at Stripe", format_amount(line.ledger_net_minor - line.paid_out_minor)),
                ("Paid outside Stripe", format_amount(line.offline_minor)),
            ],
        }
    }
}

impl Agreement {
    fn new(line: &ComparisonLine, formats: &Formats) -> Self {
        let format_amount = |minor| amount(formats, minor, &line.currency);
        let text = match line.difference_minor() {
            0 if line.overdue == 0 => return Self { is_good: true, text: "They agree.".to_owned() },
            0 if line.overdue == 1 => {
                format!(
                    "{} from 1 payment should have been settled by now.",
                    format_amount(line.overdue_minor)
                )
            }
            0 => format!(
                "{} from {} payments should have been settled by now.",
                format_amount(line.overdue_minor),
                formats.count(line.overdue)
            ),
            surplus if surplus > 0 => format!("Our ledger has {} more.", format_amount(surplus)),
            deficit => format!("Our ledger has {} less.", format_amount(-deficit)),
        };
        Self { is_good: false, text }
    }

    /// The CSS class.
    fn class(&self) -> &'static str {
        if self.is_good { "good" } else { "bad" }
    }
}

fn incomplete_section(comparison: &Comparison) -> Section {
    let row = |list: &ListProgress| {
        let error = list.error.clone().unwrap_or_default();
        vec![Cell::Text(list.list.clone()), Cell::Text(error), Cell::Time(Time::new(list.updated_at_ms))]
    };
    Section {
        title: "The comparison is not complete",
        lead: "Stripe did not return these lists completely at the last attempt. Objects that appear only in these \
            lists were not compared."
            .to_owned(),
        is_warning: true,
        columns: text_columns(&["List", "Why", "Tried at"]),
        rows: comparison.incomplete.iter().map(row).collect(),
    }
}

fn needs_review_section(comparison: &Comparison, formats: &Formats) -> Section {
    let mut lead =
        "The amounts of these contributions don't add up, or something else needs manual review.".to_owned();
    let listed = i64::try_from(comparison.needs_review.len()).unwrap_or(i64::MAX);
    let total = comparison.needs_review_total;
    if total > listed {
        lead += &format!(
            " These are the first {} of {} contributions.",
            formats.count(listed),
            formats.count(total)
        );
    }
    let rows = comparison
        .needs_review
        .iter()
        .flat_map(|(contribution, alarms)| alarms.iter().map(|alarm| alarm_row(contribution, alarm)));
    Section {
        title: "Needs review",
        lead,
        is_warning: false,
        columns: text_columns(&["Contribution", "Alarm", "Details"]),
        rows: rows.collect(),
    }
}

fn alarm_row(contribution: &str, alarm: &AlarmFields) -> Vec<Cell> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let kind = alarm.get("alarm").map(text).unwrap_or_default().replace('_', " ");
    let details = alarm.iter().filter(|(name, _)| *name != "alarm");
    let details: Vec<String> =
        details.map(|(name, value)| format!("{}: {}", name.replace('_', " "), text(value))).collect();
    vec![Cell::Id(contribution.to_owned()), Cell::Text(kind), Cell::Text(details.join(", "))]
}

fn found_section(comparison: &Comparison, is_booked: bool, title: &'static str, lead: &str) -> Section {
    let row = |finding: &Finding| {
        vec![
            Cell::Id(finding.object.clone()),
            Cell::Text(finding.what.clone()),
            Cell::Text(finding.sweep.clone()),
            Cell::Time(Time::new(finding.found_at_ms)),
        ]
    };
    Section {
        title,
        lead: lead.to_owned(),
        is_warning: false,
        columns: text_columns(&["Object", "What", "Found in", "Found at"]),
        rows: comparison.found.iter().filter(|found| found.booked == is_booked).map(row).collect(),
    }
}

fn other_money_section(comparison: &Comparison, formats: &Formats) -> Section {
    let row = |money: &OtherMoney| {
        vec![
            Cell::Text(money.kind.clone()),
            Cell::Text(money.site.clone().unwrap_or_else(|| "not a Keepopen site".to_owned())),
            Cell::Number(formats.count(money.count)),
            Cell::Number(format!(
                "{} {}",
                amount(formats, money.amount_minor, &money.currency),
                money.currency
            )),
            Cell::Time(Time::new(money.newest_at_ms)),
        ]
    };
    let new_column = |name, is_number| Column { name, is_number };
    Section {
        title: "Other money on this account",
        lead: "These objects moved money on your Stripe account, but belong to no gift that is recorded here. If a gift \
            is missing, look for it in this list. The same money can be listed under several kinds, such as a charge \
            and its balance transaction."
            .to_owned(),
        is_warning: false,
        columns: vec![
            new_column("Kind", false),
            new_column("Site", false),
            new_column("How many", true),
            new_column("Sum", true),
            new_column("Newest", false),
        ],
        rows: comparison.other_money.iter().map(row).collect(),
    }
}

fn text_columns(names: &[&'static str]) -> Vec<Column> {
    names.iter().map(|name| Column { name, is_number: false }).collect()
}

/// Formats an amount in a currency that Stripe named. If ISO 4217 does not contain the currency, the amount is shown
/// in the minor unit.
fn amount(formats: &Formats, amount_minor: i64, currency: &str) -> String {
    Currency::parse(currency)
        .map_or_else(|_| formats.count(amount_minor), |currency| formats.amount(amount_minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(object: &str, what: &str, booked: bool) -> Finding {
        Finding {
            id: object.to_owned(),
            object: object.to_owned(),
            what: what.to_owned(),
            sweep: "objects".to_owned(),
            found_at_ms: 0,
            booked,
        }
    }

    fn comparison() -> Comparison {
        let line = ComparisonLine {
            site: "journal".to_owned(),
            currency: "EUR".to_owned(),
            stripe_net_minor: 4_123_000,
            ledger_net_minor: 4_123_000,
            unsettled_minor: 1_500,
            overdue: 0,
            overdue_minor: 0,
            offline_minor: 70_000,
            paid_out_minor: 4_000_000,
        };
        let differing =
            ComparisonLine { currency: "JPY".to_owned(), ledger_net_minor: 4_123_005, ..line.clone() };
        let overdue =
            ComparisonLine { currency: "USD".to_owned(), overdue: 2, overdue_minor: 1_500, ..line.clone() };
        Comparison {
            lines: vec![line, differing, overdue],
            checked_at_ms: Some(0),
            objects_checked_at_ms: None,
            needs_review: vec![(
                "con_1".to_owned(),
                serde_json::from_str(r#"[{"alarm":"fraud_warning","warning":"issfr_<1>"}]"#).unwrap(),
            )],
            needs_review_total: 2,
            found: vec![finding("ch_1", "charge", true), finding("po_1", "unreadable payout", false)],
            other_money: vec![OtherMoney {
                kind: "charge".to_owned(),
                site: None,
                currency: "EUR".to_owned(),
                count: 3,
                amount_minor: 123_456,
                newest_at_ms: 0,
            }],
            incomplete: vec![ListProgress {
                list: "disputes".to_owned(),
                from_s: 0,
                started_s: 0,
                after_id: None,
                finished: false,
                error: Some("Stripe failed".to_owned()),
                updated_at_ms: 0,
            }],
        }
    }

    fn html_of(comparison: &Comparison, now_ms: i64) -> String {
        ReconciliationPage::new(comparison, now_ms, [0; 16]).render().unwrap()
    }

    #[test]
    fn the_page_says_whether_stripe_and_the_ledger_agree_and_what_needs_review() {
        let page = html_of(&comparison(), 4 * 60_000);
        for text in [
            "Stripe says 41,230.00 net, we say 41,230.00, checked 4 minutes ago. <span class=\"good\">They agree.",
            "Stripe says 4,123,000 net, we say 4,123,005, checked 4 minutes ago. <span class=\"bad\">Our ledger has 5 more.",
            "checked 4 minutes ago. <span class=\"bad\">15.00 from 2 payments should have been settled by now.",
            "<dt>Paid outside Stripe</dt><dd>700.00</dd>",
            "<dd>15.00</dd>",
            "<dd>40,000.00</dd>",
            "<dd>1,230.00</dd>",
            "Last check of all of Stripe's objects: never.",
            "<td class=\"id\">con_1</td><td>fraud warning</td><td>warning: issfr_&#60;1&#62;</td>",
            "These are the first 1 of 2 contributions.",
            "<tr><td class=\"id\">ch_1</td><td>charge</td><td>objects</td>\
             <td class=\"time\"><time datetime=\"1970-01-01T00:00:00Z\">1970-01-01 00:00 UTC</time></td></tr>",
            "<td class=\"id\">po_1</td><td>unreadable payout</td>",
            "<td class=\"number\">3</td><td class=\"number\">1,234.56 EUR</td>",
        ] {
            assert!(page.contains(text), "the text {text} is not in {page}");
        }
        // The finding that was booked is under another heading than the one that could not be booked.
        let (before, after) = page.split_once("Found during reconciliation").unwrap();
        assert!(before.contains("po_1") && after.contains("ch_1"), "{page}");
        assert!(!page.contains("<script") && !page.contains("issfr_<") && !page.contains("style="), "{page}");
    }

    #[test]
    fn empty_sections_are_omitted() {
        let mut empty = comparison();
        (empty.lines, empty.found, empty.needs_review) = (vec![], vec![], vec![]);
        (empty.other_money, empty.incomplete) = (vec![], vec![]);
        let page = html_of(&empty, 4 * 60_000);
        assert!(page.contains("Nothing is recorded yet. Last checked: 4 minutes ago."), "{page}");
        assert!(!page.contains("<table") && !page.contains("<h2"), "{page}");
    }
}
