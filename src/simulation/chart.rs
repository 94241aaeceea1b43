//! Draws the report as one chart. The chart shows how many readers are asked how often, under the draft (the appeals
//! that are tried out) and under the live appeals.

use std::fmt::Write;

use askama::filters::{Escaper, Html};

use super::report::{Outcome, Report};
use super::table::with_commas;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
/// The edges of the plot area: left, right, top, bottom.
const PLOT: (f64, f64, f64, f64) = (64.0, 700.0, 130.0, 356.0);
/// The width of a bar.
const BAR: f64 = 42.0;
const STYLE: &str = "\
.paper{fill:#fff}text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:18px;font-weight:600}\
.soft{fill:#57606a}.number{font-size:11px;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px}.middle{text-anchor:middle}.end{text-anchor:end}\
.grid{stroke:#d0d7de}.draft{fill:#0b6bcb}.live{fill:#8c959f}\
@media(prefers-color-scheme:dark){.paper{fill:#0d1117}text{fill:#e6edf3}.soft{fill:#9da7b3}.grid{stroke:#30363d}\
.number{stroke:#0d1117}.draft{fill:#58a6ff}.live{fill:#6e7681}}";

/// Draws the report as a self-contained SVG file.
pub fn chart(report: &Report) -> String {
    let mut svg = String::new();
    let title = "How often readers are asked";
    // Writing to a String can't fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"title\" x=\"24\" y=\"34\">{title}</text>\n<text class=\"soft\" x=\"24\" y=\"56\">{}</text>\n",
        escaped(&description(report)),
        escaped(&subtitle(report)),
    );
    draw_legend(&mut svg, report);
    let top = top_percent(report);
    draw_axes(&mut svg, top);
    draw_bars(&mut svg, report, top);
    svg.push_str("</svg>\n");
    svg
}

/// Returns the CSS class, the name and the result of each set of appeals.
fn sides(report: &Report) -> [(&'static str, &'static str, &Outcome); 2] {
    [("draft", "Draft", &report.draft), ("live", "Live", &report.live)]
}

/// Returns the number of readers and page views, and the period.
fn subtitle(report: &Report) -> String {
    let day = |at: &Option<String>| at.as_deref().and_then(|at| at.get(..10)).unwrap_or("?").to_owned();
    format!(
        "{} readers, {} page views, {} to {} (UTC)",
        with_commas(report.readers),
        with_commas(report.page_views),
        day(&report.first_at),
        day(&report.last_at)
    )
}

/// Describes the chart in words, for readers who can't see it.
fn description(report: &Report) -> String {
    let mut text = format!("Share of readers by how often they are asked. {}.", subtitle(report));
    for (_, name, outcome) in sides(report) {
        let bars = outcome.readers_by_asks.iter().map(|bar| {
            format!("{}{} times {}", bar.asks, if bar.or_more { " or more" } else { "" }, percent(bar.share))
        });
        let bars: Vec<String> = bars.collect();
        let _ = write!(text, " {name}: {}.", bars.join(", "));
    }
    text
}

fn draw_legend(svg: &mut String, report: &Report) {
    for (row, (class, name, outcome)) in (0u8..).zip(sides(report)) {
        let y = 70.0 + 20.0 * f64::from(row);
        let source = shortened(&outcome.source);
        let text = format!("{name}: {} asked at least once; {source}", percent(outcome.readers_asked_share));
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"24\" y=\"{y}\" width=\"12\" height=\"12\" rx=\"2\"/>\
             <text x=\"44\" y=\"{}\">{}</text>",
            y + 11.0,
            escaped(&text)
        );
    }
}

/// Returns the top of the scale, in percent: the first of a few round numbers that is at least as high as every bar.
fn top_percent(report: &Report) -> f64 {
    let bars = sides(report).into_iter().flat_map(|(_, _, outcome)| &outcome.readers_by_asks);
    let highest = bars.map(|bar| bar.share * 100.0).fold(0.0, f64::max);
    [5.0, 10.0, 20.0, 40.0, 60.0, 80.0].into_iter().find(|top| highest <= *top).unwrap_or(100.0)
}

fn draw_axes(svg: &mut String, top: f64) {
    let (left, right, upper, lower) = PLOT;
    for step in 0u8..=5 {
        let y = lower - (lower - upper) * f64::from(step) / 5.0;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text class=\"soft end\" x=\"{}\" y=\"{}\">{} %</text>",
            left - 8.0,
            y + 4.0,
            top * f64::from(step) / 5.0
        );
    }
    let _ = writeln!(
        svg,
        "<text class=\"soft middle\" x=\"{}\" y=\"{}\">Times asked</text>\
         <text class=\"soft middle\" transform=\"translate(16 {}) rotate(-90)\">Share of readers</text>",
        (left + right) / 2.0,
        lower + 48.0,
        (upper + lower) / 2.0
    );
}

fn draw_bars(svg: &mut String, report: &Report, top: f64) {
    let (left, right, upper, lower) = PLOT;
    let groups = report.draft.readers_by_asks.len();
    #[expect(clippy::cast_precision_loss, reason = "six groups")]
    let width = (right - left) / groups as f64;
    for index in 0..groups {
        let bar = &report.draft.readers_by_asks[index];
        let middle = left + width * (f64::from(bar.asks) + 0.5);
        for (side, (class, _, outcome)) in sides(report).into_iter().enumerate() {
            let share = outcome.readers_by_asks.get(index).map_or(0.0, |bar| bar.share);
            let height = (lower - upper) * share * 100.0 / top;
            let x = if side == 0 { middle - BAR - 1.0 } else { middle + 1.0 };
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{BAR}\" height=\"{height:.1}\"/>\
                 <text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                lower - height,
                x + BAR / 2.0,
                lower - height - 5.0,
                percent(share)
            );
        }
        let more = if bar.or_more { " or more" } else { "" };
        let _ = writeln!(
            svg,
            "<text class=\"middle\" x=\"{middle:.1}\" y=\"{}\">{}{more}</text>",
            lower + 22.0,
            bar.asks
        );
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Shortens a text that is too long for the legend.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    if text.chars().count() <= MAX_CHARS {
        text.to_owned()
    } else {
        text.chars().take(MAX_CHARS - 1).chain(['…']).collect()
    }
}

/// Escapes text for XML, and removes characters that XML does not allow.
fn escaped(text: &str) -> String {
    let kept: String =
        text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    let mut safe = String::with_capacity(kept.len());
    Html.write_escaped_str(&mut safe, &kept).expect("writing to a String must succeed");
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::tests::{appeal, simulation};

    #[test]
    fn the_chart_describes_every_bar_in_words_and_numbers() {
        let mut report = simulation(&appeal("a", ""), "", 1).report("");
        report.draft.source = "a<b>&\u{1}.toml".to_owned();
        report.draft.readers_by_asks[0].share = 0.375;
        report.draft.readers_by_asks[5].share = 0.625;
        let svg = chart(&report);
        assert!(svg.contains("Draft: 0 times 37.5 %, 1 times 0.0 %"), "{svg}");
        assert!(svg.contains("a&#60;b&#62;&#38;.toml"));
        // The bar shows 62.5 %. The scale goes to 80 %, and the plot is 226 pixels high.
        assert!(svg.contains("height=\"176.6\""), "{svg}");
        assert_eq!(svg.matches("class=\"number\"").count(), 12);
    }
}
