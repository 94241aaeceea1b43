//! Renders pages from the templates in `practice/templates/`. The templates escape every value.

use askama::Template;

/// The style sheet, which is embedded in each page.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Renders a whole page.
pub(crate) fn render(page: &impl Template) -> String {
    page.render().expect("rendering to a String must not fail")
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    sentence: &'a str,
}

/// Renders a page that contains only a message.
pub(crate) fn message(title: &str, sentence: &str) -> String {
    render(&Message { title, sentence })
}

/// Formats seconds since 1970 as `24 Nov 2026, 06:31`, in UTC.
pub(crate) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| seconds.to_string(),
        |at| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%-d %b %Y, %H:%M").to_string(),
    )
}
