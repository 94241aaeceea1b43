//! The frame of every page, and escaping.

use askama::filters::{Escaper, Html};

/// The one style sheet, in the page itself.
const STYLE: &str = include_str!("style.css");

/// Text made safe to stand in HTML, in attributes too.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    Html.write_escaped_str(&mut safe, text).expect("a String takes all that is written to it");
    safe
}

/// A whole page around its body, which must be escaped already.
pub(crate) fn frame(title: &str, class: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · practice</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n\
         <body class=\"{class}\">\n<p class=\"ribbon\" role=\"note\"><strong>Practice:</strong> no money moves</p>\n\
         {body}\n</body>\n</html>\n",
        title = escape(title)
    )
}

/// A page that only says something.
pub(crate) fn message(title: &str, sentence: &str) -> String {
    let body = format!(
        "<main class=\"card\"><h1>{}</h1><p>{}</p></main>\n\
         <p class=\"foot\">Nothing here is real. <a href=\"/console\">Console</a></p>",
        escape(title),
        escape(sentence)
    );
    frame(title, "pay", &body)
}

/// Seconds since 1970 as `24 Nov 2026, 06:31 UTC`.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| seconds.to_string(),
        |at| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%-d %b %Y, %H:%M").to_string(),
    )
}
