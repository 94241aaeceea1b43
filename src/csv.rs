//! Lines of CSV (RFC 4180) that a spreadsheet opens without running anything.

/// One line with its end. Fields that somebody else may have written have gone through [`text`].
pub fn line(fields: &[String]) -> String {
    fields.join(",") + "\r\n"
}

/// A field that others may have written: a spreadsheet would interpret some texts as formulas and run them. A leading
/// apostrophe prevents that (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub fn text(value: &str) -> String {
    let runs =
        value.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
            || value.starts_with(['\t', '\r', '\n']);
    let harmless = if runs { format!("'{value}") } else { value.to_owned() };
    if harmless.contains(['"', ',', '\r', '\n', ';', '\t']) {
        return format!("\"{}\"", harmless.replace('"', "\"\""));
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_to_a_spreadsheet() {
        for (written, kept) in [
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
            assert_eq!(text(written), kept, "{written:?}");
        }
    }
}
