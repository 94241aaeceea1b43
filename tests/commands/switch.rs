//! `keepopen switch`

use super::{JOURNAL, Sandbox};

/// A second site.
const GAZETTE: &str = r#"
[sites.gazette]
name = "The Gazette"
origins = ["https://gazette.example.org"]
currency = "EUR"
banner = "off"
[sites.gazette.giving.EUR]
minimum_minor = 100
maximum_minor = 100000
once = [500]
default_interval = "once"
default_amount_minor = 500
"#;

fn sandbox() -> Sandbox {
    Sandbox::with(&format!("{GAZETTE}{JOURNAL}")).and_database()
}

#[test]
fn one_switch_is_changed_and_the_others_are_not() {
    let sandbox = sandbox();
    let wall = ["switch", "off", "--site", "journal", "--surface", "wall"];
    assert_eq!(sandbox.good(&wall), "journal: all on, banner on, inline on, wall off\n");
    let all = ["switch", "off", "--site", "journal"];
    assert_eq!(sandbox.good(&all), "journal: all off, banner on, inline on, wall off\n");
    let on = ["switch", "on", "--site", "journal"];
    assert_eq!(sandbox.good(&on), "journal: all on, banner on, inline on, wall off\n");
    assert_eq!(
        sandbox.good(&["switch", "show"]),
        "gazette: all on (off in the settings), banner on, inline on, wall on\n\
         journal: all on, banner on, inline on, wall off\n"
    );
}

#[test]
fn a_missing_site_cannot_be_switched() {
    let sandbox = sandbox();
    let sentence = sandbox.stopped(&["switch", "off", "--site", "jurnal"]);
    assert!(sentence.contains("no such site"), "{sentence}");
    let said = sandbox.run(&["switch", "off", "--site", "journal", "--surface", "poster"]);
    assert!(said.err.contains("banner, inline or wall"), "{said:?}");
    assert_ne!(said.status, Some(0));
}
