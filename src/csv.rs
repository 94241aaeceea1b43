//! Lines of CSV (RFC 4180) that a spreadsheet can open without running formulas in them.

/// Joins fields to one line, including its line break. Fields that others may have written must be passed through
/// [`text`] first.
pub fn line(fields: &[String]) -> String {
    fields.join(",") + "\r\n"
}

/// Makes a field from a text that others may have written. A spreadsheet would run some texts as formulas. A leading
/// apostrophe prevents this (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub fn text(value: &str) -> String {
    // The characters after `@` are the full-width forms of the first four. Some spreadsheets treat them alike.
    let looks_like_formula =
        value.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
            || value.starts_with(['\t', '\r', '\n']);
    let safe = if looks_like_formula { format!("'{value}") } else { value.to_owned() };
    if safe.contains(['"', ',', '\r', '\n', ';', '\t']) {
        return format!("\"{}\"", safe.replace('"', "\"\""));
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_formula_gets_an_apostrophe() {
        for (value, field) in [
            ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("=1,\"2\"", "\"'=1,\"\"2\"\"\""),
            ("summer-2026", "summer-2026"),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
        ] {
            assert_eq!(text(value), field, "{value:?}");
        }
    }
}
