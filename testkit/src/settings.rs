//! Basic settings and appeals for tests, and folders and addresses for the service.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use tempfile::TempDir;

/// Settings of a site that accepts one-off gifts in euros.
pub const JOURNAL: &str = r#"
[sites.journal]
name = "The Journal"
origins = ["https://journal.example.org"]
currency = "EUR"
[sites.journal.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
once = [500]
default_interval = "once"
default_amount_minor = 500
"#;

/// The settings of [`JOURNAL`], with `choices` as its amounts and with `more` added to the table of the site.
pub fn journal(more: &str, choices: &str) -> String {
    let (site, giving) = JOURNAL.split_once("[sites.journal.giving.EUR]\n").unwrap();
    let limits = giving.split_once("once =").unwrap().0;
    format!("{site}{more}\n[sites.journal.giving.EUR]\n{limits}{choices}\n")
}

/// Settings that put the service and its management port on free loopback ports.
pub const LOOPBACK: &str = "[server]\nbind = \"127.0.0.1:0\"\n[management]\nbind = \"127.0.0.1:0\"\n";

/// An appeals file with one appeal, which shows to every reader of [`JOURNAL`].
pub const APPEALS: &str = r#"
[[appeals]]
id = "help"
sites = ["journal"]
kind = "ask"
surface = ["banner", "inline"]
live = "live"

[[appeals.variants]]
id = "a"
copy = { heading = "We need your help now", body = ["Read on."], cta = "Give {gift}" }
"#;

/// A loopback address on which no program listens.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A folder in memory if possible, for tests that sync a lot and do not test durability.
pub fn memory_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_replaces_the_choices_and_keeps_the_limits() {
        let text = journal("locale = \"en\"", "month = [500]");
        assert!(text.contains("currency = \"EUR\"\nlocale = \"en\"\n[sites.journal.giving.EUR]"), "{text}");
        assert!(text.ends_with("maximum_minor = 100000\nmonth = [500]\n"), "{text}");
    }
}
