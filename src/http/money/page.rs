//! What Stripe says beside what we say, as a page for the finance desk. It has no script, and tells nobody's name.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, get};
use serde_json::{Map, Value};

use crate::actions::{Comparison, ComparisonLine, compare_with_stripe};
use crate::clock::{ago, rfc3339};
use crate::http::State;
use crate::http::problem::Problem;
use crate::money::{Currency, Money};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;\
    background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 .25rem}table{border-collapse:collapse;width:100%;\
    margin:.5rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top;\
    overflow-wrap:break-word}td:first-child{overflow-wrap:anywhere}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
    .says{font-size:1.15rem;margin:.25rem 0}.good{color:#0a5c2b}.bad{color:#a30d0d;font-weight:600}.quiet{color:#555}\
    @media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}th,td{border-color:#444}.good{color:#7fd6a0}\
    .bad{color:#ff9a9a}.quiet{color:#aaa}}";

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// "Stripe says 41,230.00 net, we say 41,230.00, checked 4 minutes ago."
#[get("/books")]
pub async fn books_page(app: State) -> Result<HttpResponse, Problem> {
    let found =
        compare_with_stripe(&app.store, app.now_ms()).await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(html(&found, app.now_ms())))
}

fn html(it: &Comparison, now_ms: i64) -> String {
    let checked = ago(it.checked_at_ms, now_ms);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Books</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
         <h1>What Stripe says, and what we say</h1>\n"
    );
    if it.lines.is_empty() {
        page += &format!("<p class=\"says\">Nothing is recorded yet. Last checked: {checked}.</p>\n");
    }
    it.lines.iter().for_each(|line| page += &line_html(line, &checked));
    page += &format!(
        "<p class=\"quiet\">All of Stripe's objects last checked: {}.</p>\n",
        ago(it.objects_checked_at_ms, now_ms)
    );
    page += &incomplete(it);
    page += &to_look_at(&it.to_look_at, it.to_look_at_in_all);
    page += &found(
        it,
        false,
        "Check with Stripe",
        "We can't read these, or they don't add up. Check them in Stripe's dashboard.",
    );
    page += &found(it, true, "Found during reconciliation", "No webhook reported these. They are recorded.");
    page += &other_money(it);
    page + "</body></html>\n"
}

fn incomplete(it: &Comparison) -> String {
    let rows = it.incomplete.iter().map(|list| {
        [escape(&list.list), escape(list.error.as_deref().unwrap_or_default()), rfc3339(list.updated_at_ms)]
    });
    let words = "<span class=\"bad\">These lists of Stripe's could not be read the last time.</span> What stands in them alone is not compared.";
    table("The comparison is not complete", words, ["list", "why", "tried at"], rows)
}

fn other_money(it: &Comparison) -> String {
    let rows = it.other_money.iter().map(|other| {
        [
            escape(&other.kind),
            escape(other.site.as_deref().unwrap_or("none of ours")),
            other.count.to_string(),
            format!("{} {}", grouped(other.amount_minor, &other.currency), escape(&other.currency)),
            rfc3339(other.newest_at_ms),
        ]
    });
    let words = "These moved money on your Stripe account and belong to no gift that is booked here. If a gift is missing, it stands among them. \
        The same money can stand under several kinds, such as a charge and its balance transaction.";
    table("Other money on this account", words, ["kind", "site", "how many", "sum", "newest"], rows)
}

fn line_html(line: &ComparisonLine, checked: &str) -> String {
    let written = |minor| grouped(minor, &line.currency);
    let difference = line.difference_minor();
    let verdict = match difference {
        0 if line.overdue != 0 => format!(
            "<span class=\"bad\">{} of {} payments should have been settled by now.</span>",
            written(line.overdue_minor),
            line.overdue
        ),
        0 => "<span class=\"good\">They agree.</span>".to_owned(),
        more if more > 0 => format!("<span class=\"bad\">We have {} more.</span>", written(more)),
        less => format!("<span class=\"bad\">We have {} less.</span>", written(-less)),
    };
    let row = |name: &str, minor| format!("<tr><td>{name}</td><td class=\"n\">{}</td></tr>", written(minor));
    format!(
        "<h2>{} {}</h2>\n<p class=\"says\">Stripe says {} net, we say {}, checked {checked}. {verdict}</p>\n<table>{}{}{}{}</table>\n",
        escape(&line.site),
        escape(&line.currency),
        written(line.stripe_net_minor),
        written(line.ledger_net_minor),
        row("Recorded, not yet settled by Stripe", line.awaiting_minor),
        row("Sent to the bank", line.paid_out_minor),
        row("Settled, still at Stripe", line.ledger_net_minor - line.paid_out_minor),
        row("Paid outside Stripe", line.offline_minor),
    )
}

fn found(it: &Comparison, booked: bool, title: &str, words: &str) -> String {
    let rows = it.found.iter().filter(|found| found.booked == booked).map(|found| {
        [escape(&found.object), escape(&found.what), escape(&found.sweep), rfc3339(found.found_at_ms)]
    });
    table(title, words, ["object", "what", "found in", "found at"], rows)
}

fn to_look_at(all: &[(String, String)], in_all: i64) -> String {
    let rows = all.iter().flat_map(|(contribution, alarms)| {
        let read: Vec<Map<String, Value>> = serde_json::from_str(alarms).unwrap_or_default();
        read.into_iter().map(move |alarm| {
            let word = |value: &Value| match value {
                Value::String(text) => text.clone(),
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                other => other.to_string(),
            };
            let what = alarm.get("alarm").map(word).unwrap_or_default().replace('_', " ");
            let about = alarm.iter().filter(|(name, _)| *name != "alarm");
            let about: Vec<String> =
                about.map(|(name, value)| format!("{}: {}", name.replace('_', " "), word(value))).collect();
            [escape(contribution), escape(&what), escape(&about.join(", "))]
        })
    });
    let mut words = "These don't add up, or a person should know about them.".to_owned();
    if usize::try_from(in_all).is_ok_and(|in_all| in_all > all.len()) {
        words += &format!(" These are the first {} contributions of {in_all}.", all.len());
    }
    table("Needs review", &words, ["contribution", "what", "about"], rows)
}

/// Nothing where there are no rows. Cells are HTML.
fn table<const N: usize>(
    title: &str,
    words: &str,
    names: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let line = |tag: &str, cells: &[String]| -> String {
        let cells: String = cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.map(|cells| line("td", &cells)).collect();
    if body.is_empty() {
        return String::new();
    }
    let head = line("th", &names.map(str::to_owned));
    format!("<h2>{title}</h2>\n<p class=\"quiet\">{words}</p>\n<table>{head}{body}</table>\n")
}

/// As people read it: `41,230.00`.
fn grouped(amount_minor: i64, currency: &str) -> String {
    let Ok(currency) = Currency::parse(currency) else { return amount_minor.to_string() };
    let text = Money { amount_minor, currency }.decimal();
    let (whole, part) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    part.map_or(out.clone(), |part| format!("{out}.{part}"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::comparisons::ListProgress;
    use crate::store::other_money::OtherMoney;
    use crate::store::sweeps::Finding;

    fn found(object: &str, what: &str, booked: bool) -> Finding {
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
            awaiting_minor: 1_500,
            overdue: 0,
            overdue_minor: 0,
            offline_minor: 70_000,
            paid_out_minor: 4_000_000,
        };
        let other =
            ComparisonLine { currency: "JPY".to_owned(), ledger_net_minor: 4_123_005, ..line.clone() };
        let late =
            ComparisonLine { currency: "USD".to_owned(), overdue: 2, overdue_minor: 1_500, ..line.clone() };
        Comparison {
            lines: vec![line, other, late],
            checked_at_ms: Some(0),
            objects_checked_at_ms: None,
            to_look_at: vec![(
                "con_1".to_owned(),
                r#"[{"alarm":"fraud_warning","warning":"issfr_<1>"}]"#.to_owned(),
            )],
            to_look_at_in_all: 2,
            found: vec![found("ch_1", "charge", true), found("po_1", "payout that is not", false)],
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

    #[test]
    fn the_page_says_whether_the_two_agree_and_what_to_look_at() {
        let page = html(&comparison(), 4 * 60_000);
        for words in [
            "Stripe says 41,230.00 net, we say 41,230.00, checked 4 minutes ago. <span class=\"good\">They agree.",
            "Stripe says 4,123,000 net, we say 4,123,005, checked 4 minutes ago. <span class=\"bad\">We have 5 more.",
            "checked 4 minutes ago. <span class=\"bad\">15.00 of 2 payments should have been settled by now.",
            "<td>Paid outside Stripe</td><td class=\"n\">700.00</td>",
            "<td class=\"n\">15.00</td>",
            "<td class=\"n\">40,000.00</td>",
            "<td class=\"n\">1,230.00</td>",
            "Stripe's objects last checked: never yet.",
            "<td>con_1</td><td>fraud warning</td><td>warning: issfr_&lt;1&gt;</td>",
            "These are the first 1 contributions of 2.",
            "They are recorded.</p>\n<table><tr><th>object</th><th>what</th><th>found in</th><th>found at</th></tr>\
             <tr><td>ch_1</td><td>charge</td><td>objects</td><td>1970-01-01T00:00:00Z</td></tr></table>",
            "in Stripe's dashboard.</p>\n<table><tr><th>object</th><th>what</th><th>found in</th><th>found at</th></tr>\
             <tr><td>po_1</td><td>payout that is not</td>",
        ] {
            assert!(page.contains(words), "{words} is not in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("issfr_<"), "{page}");
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        let all = [
            (0, "EUR"),
            (99_999, "EUR"),
            (100_000, "EUR"),
            (-123_456_789, "EUR"),
            (1_000, "JPY"),
            (-999, "JPY"),
        ];
        assert_eq!(
            all.map(|(minor, code)| grouped(minor, code)),
            ["0.00", "999.99", "1,000.00", "-1,234,567.89", "1,000", "-999"]
        );
    }
}
