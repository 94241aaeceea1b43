//! Terms that may only appear in some folders or files, such as `sqlx` in `src/store/`.

use super::files::{File, file, files_below, program};

/// Terms that may only appear in some places.
struct RestrictedTerm {
    words: &'static [&'static str],
    /// The paths that may contain these terms. A folder ends in `/`.
    places: &'static [&'static str],
    why: &'static str,
}

const RESTRICTED: &[RestrictedTerm] = &[
    RestrictedTerm {
        words: &["sqlx::"],
        // `logs.rs` names the library once, to set the level of the library's log lines.
        places: &["src/store/", "src/telemetry/logs.rs"],
        why: "all SQL is in src/store/, which returns its errors as StoreError",
    },
    RestrictedTerm {
        words: &["stripe_checkout", "stripe_shared", "stripe_types", "stripe_client_core", "stripe::Client"],
        places: &["src/stripe/"],
        why: "only src/stripe/ uses the Stripe client library",
    },
    RestrictedTerm {
        words: &["store.begin()", "Store::begin"],
        places: &["src/app/context.rs", "src/store/"],
        why: "writing goes through a Context, which writes the audit row",
    },
    RestrictedTerm {
        words: &["aws_lc_rs", "jsonwebtoken", "use hmac", "use ring", "use sha2"],
        places: &[
            "src/keys/",
            // `clock.rs` is the service's only random source, from which keys are created.
            "src/clock.rs",
            // An alarm's id is a hash of what the alarm is about. The hash protects no secret. The module `ids` is in a
            // lower layer than `keys` (see docs/architecture.md), so `ids` can't use `keys`.
            "src/ids.rs",
            // The practice Stripe signs like Stripe, with its own code.
            "practice/src/webhooks.rs",
        ],
        why: "all cryptography is in src/keys/, except the cases that this list explains",
    },
    RestrictedTerm {
        words: &["for_tests", "doc(hidden)"],
        places: &[],
        why: "code that only tests need is behind the feature test-support",
    },
    RestrictedTerm {
        words: &["feature = \"test-support\""],
        places: &[
            "src/store/mod.rs",
            "src/store/intake.rs",
            "src/store/dialect/pool.rs",
            "src/api/mod.rs",
            "src/api/banner.rs",
            "src/contributions/mod.rs",
            "src/contributions/fold.rs",
        ],
        why: "the feature test-support must not change what the product does, so few files may depend on it",
    },
    RestrictedTerm {
        words: &["keepopen_practice"],
        places: &["src/cli/demo/"],
        why: "no code of the service depends on whether Stripe is the practice Stripe",
    },
    RestrictedTerm {
        words: &[
            "SystemRandom",
            "RandomState::new",
            "fastrand",
            "rand::random",
            "getrandom",
            "new_v4",
            "now_v7",
        ],
        places: &["src/clock.rs", "practice/src/ids.rs"],
        why: "each program has one random source",
    },
    RestrictedTerm {
        words: &["clippy::disallowed_methods"],
        places: &["src/clock.rs", "practice/src/ids.rs"],
        why: "clippy.toml says which code may use the clock and randomness",
    },
    RestrictedTerm {
        words: &["unsafe_code", "unsafe {", "unsafe fn"],
        places: &[],
        why: "there is no unsafe code",
    },
    RestrictedTerm {
        words: &["actix_web", "HttpResponse"],
        places: &["src/web/", "src/api/", "src/management/", "src/cli/", "practice/src/"],
        why: "only the web kit, the HTTP servers and the CLI use HTTP types",
    },
];

/// Terms that the decision must not use, because it is a pure function.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "ZonedDateTime::now",
    "async ",
    "tokio",
    "static mut",
    "Mutex",
    "RandomState",
];

/// Finds restricted terms in files that may not use them.
fn misplaced_terms(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = file.code();
        for term in RESTRICTED {
            let is_allowed = term.places.iter().any(|place| file.path.starts_with(place));
            for word in term.words.iter().filter(|word| !is_allowed && code.contains(**word)) {
                findings.push(format!("{} uses `{word}`: {}", file.path, term.why));
            }
        }
    }
    findings
}

/// Finds terms that the decision must not use.
fn impure_terms(files: &[File]) -> Vec<String> {
    let findings_of = |file: &File| {
        let code = file.code();
        let found = IMPURE.iter().filter(|word| code.contains(**word));
        found.map(|word| format!("{} uses `{word}`", file.path)).collect::<Vec<_>>()
    };
    files.iter().flat_map(findings_of).collect()
}

#[test]
fn restricted_terms_are_used_only_where_allowed() {
    assert_eq!(misplaced_terms(&program()), Vec::<String>::new());
}

#[test]
fn each_restricted_term_is_detected_in_a_wrong_place() {
    for term in RESTRICTED {
        for word in term.words {
            let misplaced = File::made_up("src/appeals/copy.rs", &format!("fn f() {{ {word} }}"));
            let findings = misplaced_terms(&[misplaced]);
            assert!(findings.iter().any(|finding| finding.contains(word)), "the rule must detect {word}");
            let comment = File::made_up("src/appeals/copy.rs", &format!("// {word}"));
            assert_eq!(misplaced_terms(&[comment]), Vec::<String>::new());
        }
    }
}

#[test]
fn each_allowed_place_exists() {
    let files = program();
    for place in RESTRICTED.iter().flat_map(|term| term.places) {
        assert!(files.iter().any(|file| file.path.starts_with(place)), "there is no file at {place}");
    }
}

/// Files in `src/config` that use the decision's types. Only `sites` may define what a site is, and how its rules are
/// written.
fn settings_that_use_the_decision(files: &[File]) -> Vec<String> {
    let uses_decision = |file: &&File| file.code().contains("keepopen_decision");
    // `src/config/typed/mod.rs` is exempt. It uses the decision's function that suggests the intended name for a mistyped
    // name. One of its tests parses a large type of the decision from TOML.
    let checked = files.iter().filter(|file| file.path != "src/config/typed/mod.rs");
    checked.filter(uses_decision).map(|file| format!("{} uses the decision's types", file.path)).collect()
}

#[test]
fn the_settings_do_not_use_the_decisions_types() {
    assert_eq!(settings_that_use_the_decision(&files_below("src/config", &[".rs"])), Vec::<String>::new());
    let bad = File::made_up("src/config/limits.rs", "use keepopen_decision::Percent;");
    assert_eq!(settings_that_use_the_decision(&[bad]), ["src/config/limits.rs uses the decision's types"]);
}

#[test]
fn the_decision_uses_no_clock_disk_network_or_global_state() {
    assert_eq!(impure_terms(&files_below("decision/src", &[".rs"])), Vec::<String>::new());
    let impure_file = File::made_up("decision/src/walk/mod.rs", "use std::time::Instant;\n// Mutex\n");
    assert_eq!(impure_terms(&[impure_file]), ["decision/src/walk/mod.rs uses `Instant`"]);
}

#[test]
fn the_decision_depends_only_on_small_pure_crates() {
    let manifest: toml::Table = file("decision/Cargo.toml").text.parse().unwrap();
    let named: Vec<&String> = manifest["dependencies"].as_table().unwrap().keys().collect();
    let pure = [
        "hashbrown",
        "jiff",
        "libm",
        "rand_distr",
        "rand_pcg",
        "rustc-hash",
        "serde",
        "smallvec",
        "twox-hash",
    ];
    assert!(named.iter().all(|name| pure.contains(&name.as_str())), "{named:?}");
}
