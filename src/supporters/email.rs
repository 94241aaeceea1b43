//! Normalised e-mail addresses, which identify supporters.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The maximum length of an address, in bytes.
const MAX_BYTES: usize = 254;

/// A normalised address: without white space around it, in lower case, in Unicode's composed form (NFC), and with the
/// domain in its ASCII form (`xn--…`).
///
/// Spellings that differ only in these respects reach the same mailbox, so a person who uses two of them is one
/// supporter. Dots and tags (`+news`) are kept, because only some providers ignore them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is not an address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

impl Email {
    /// Parses an address. There must be text before and after the last `@`, no white space inside, and at most 254
    /// bytes (RFC 5321, 4.5.3.1.3).
    ///
    /// # Errors
    /// The text does not have this form.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NotAnEmail)?;
        let normalised = format!("{}@{}", lower_case(local), ascii_domain(domain));
        let is_forbidden = |c: char| c.is_whitespace() || c.is_control();
        let has_empty_part = normalised.starts_with('@') || normalised.ends_with('@');
        if has_empty_part || normalised.len() > MAX_BYTES || normalised.contains(is_forbidden) {
            return Err(NotAnEmail);
        }
        Ok(Self(normalised))
    }

    /// The normalised address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Converts a text to lower case in composed form. Composing comes last, because converting to lower case can decompose
/// a letter (`İ`).
fn lower_case(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Returns the domain in its ASCII form (UTS 46). An invalid domain is only converted to lower case and not rejected,
/// because Stripe may have accepted it.
fn ascii_domain(domain: &str) -> String {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    match idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::EMPTY) {
        Ok(ascii) => ascii.into_owned(),
        Err(_) => lower_case(domain),
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_an_address_are_one_supporter() {
        assert_eq!(Email::parse(" Reader@Example.ORG\n"), Email::parse("reader@example.org"));
        assert_ne!(Email::parse("reader+news@example.org"), Email::parse("reader@example.org"));
    }

    #[test]
    fn unicode_forms_of_an_address_and_of_its_domain_are_one_address() {
        let groups = [
            [
                "an\u{e1}@example.org",
                "ana\u{301}@example.org",
                "AN\u{c1}@example.org",
                "ANA\u{301}@EXAMPLE.org.",
            ],
            [
                "a@m\u{fc}ller.example.org",
                "a@xn--mller-kva.example.org",
                "a@mu\u{308}ller.example.org",
                "A@XN--MLLER-KVA.Example.Org",
            ],
            ["a@b\u{3002}example.org", "a@b.example.org", "a@B.EXAMPLE.ORG", " a@b.example.org. "],
        ];
        for forms in groups {
            let read = forms.map(|form| Email::parse(form).unwrap());
            for (form, email) in forms.iter().zip(&read) {
                assert_eq!(email.as_str(), read[0].as_str(), "{form}");
            }
            assert_eq!(Email::parse(read[0].as_str()), Ok(read[0].clone()));
        }
        assert_ne!(Email::parse("ana@example.org"), Email::parse("an\u{e1}@example.org"));
        assert_eq!(Email::parse("a@under_score.example.org").unwrap().as_str(), "a@under_score.example.org");
        assert_eq!(Email::parse("a@xn--0.example.org").unwrap().as_str(), "a@xn--0.example.org");
    }

    #[test]
    fn an_invalid_address_is_rejected_and_debug_output_hides_the_address() {
        for text in ["", "@", "a@", "@b", "a b@c.org", "a@b\u{7}", &format!("{}@b.org", "x".repeat(250))] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text}");
        }
        assert_eq!(format!("{:?}", Email::parse("a@b.org").unwrap()), "Email(hidden)");
    }
}
