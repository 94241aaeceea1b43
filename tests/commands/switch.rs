//! `keepopen switch`: what it changes and prints.

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

fn sandbox_with_two_sites() -> Sandbox {
    Sandbox::with_settings(&format!("{GAZETTE}{JOURNAL}")).with_database()
}

#[test]
fn one_switch_is_changed_and_the_others_are_not() {
    let sandbox = sandbox_with_two_sites();
    let wall = ["switch", "off", "--site", "journal", "--surface", "wall"];
    assert_eq!(sandbox.run_ok(&wall), "journal: whole site on; surfaces: banner on, inline on, wall off\n");
    let all = ["switch", "off", "--site", "journal"];
    assert_eq!(sandbox.run_ok(&all), "journal: whole site off; surfaces: banner on, inline on, wall off\n");
    let on = ["switch", "on", "--site", "journal"];
    assert_eq!(sandbox.run_ok(&on), "journal: whole site on; surfaces: banner on, inline on, wall off\n");
    assert_eq!(
        sandbox.run_ok(&["switch", "show"]),
        "gazette: whole site on (off in the settings); surfaces: banner on, inline on, wall on\n\
         journal: whole site on; surfaces: banner on, inline on, wall off\n"
    );
}

#[test]
fn an_unknown_site_or_surface_can_not_be_switched() {
    let sandbox = sandbox_with_two_sites();
    let sentence = sandbox.run_err(&["switch", "off", "--site", "jurnal"]);
    assert!(sentence.contains("no such site"), "{sentence}");
    let output = sandbox.run(&["switch", "off", "--site", "journal", "--surface", "poster"]);
    assert!(output.err.contains("banner, inline or wall"), "{output:?}");
    assert_ne!(output.status, Some(0));
}
