//! Renders pages from the templates in `practice/templates/`, which escape every value.

use askama::Template;

/// The style sheet, which is part of the page.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(crate) fn render(page: &impl Template) -> String {
    page.render().expect("the templates write to a String, which takes everything")
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    sentence: &'a str,
}

/// A page with only a message.
pub(crate) fn message(title: &str, sentence: &str) -> String {
    render(&Message { title, sentence })
}

/// Seconds since 1970 as `24 Nov 2026, 06:31`, in UTC.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| seconds.to_string(),
        |at| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%-d %b %Y, %H:%M").to_string(),
    )
}
