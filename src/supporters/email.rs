//! An e-mail address as a key.

use std::fmt;

/// A normalised address: no white space around it, in small letters.
///
/// Mail providers treat an address as the same whatever its letters' case,
/// so one person who types it two ways stays one supporter. Dots and tags
/// (`+news`) are kept: only some providers ignore them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

impl Email {
    /// Reads an address: something before one `@`, something after it, no
    /// white space inside, at most 254 bytes (RFC 5321, 4.5.3.1.3).
    ///
    /// # Errors
    /// The text is not of that shape.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if local.is_empty() || domain.is_empty() || text.len() > 254 || text.contains(odd) {
            return Err(NotAnEmail);
        }
        Ok(Self(text))
    }

    /// The normalised address.
    pub fn as_str(&self) -> &str {
        &self.0
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
    fn one_person_who_types_the_address_two_ways_is_one_supporter() {
        assert_eq!(Email::parse(" Reader@Example.ORG\n"), Email::parse("reader@example.org"));
        assert_ne!(Email::parse("reader+news@example.org"), Email::parse("reader@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused_and_none_is_shown() {
        for text in ["", "@", "a@", "@b", "a b@c.org", "a@b\u{7}", &format!("{}@b.org", "x".repeat(250))] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text}");
        }
        assert_eq!(format!("{:?}", Email::parse("a@b.org").unwrap()), "Email(hidden)");
    }
}
