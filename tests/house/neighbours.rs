//! Knowledge that belongs to one folder.

use super::files::{File, below, file, program};

/// Terms that may only appear in some places.
struct Secret {
    words: &'static [&'static str],
    /// The paths that may use them; a folder ends in `/`.
    places: &'static [&'static str],
    why: &'static str,
}

const SECRETS: &[Secret] = &[
    Secret {
        words: &["sqlx::"],
        // The logs name the library once, to set its level.
        places: &["src/store/", "src/telemetry/logs.rs"],
        why: "all SQL is in src/store/, and errors leave it as StoreError",
    },
    Secret {
        words: &["stripe_checkout", "stripe_shared", "stripe_types", "stripe_client_core", "stripe::Client"],
        places: &["src/stripe/"],
        why: "only src/stripe/ knows the client of Stripe",
    },
    Secret {
        words: &["store.begin()", "Store::begin"],
        places: &["src/app/context.rs", "src/store/"],
        why: "writing goes through a Context, which writes the audit row",
    },
    Secret {
        words: &["aws_lc_rs", "jsonwebtoken", "use hmac", "use ring", "use sha2"],
        places: &[
            "src/keys/",
            // The only random source, from which keys are created.
            "src/clock.rs",
            // An alarm's id is the hash of its facts. It keeps no secret, and ids stand below the keys on the map.
            "src/ids.rs",
            // The practice Stripe signs like Stripe, with its own code.
            "practice/src/webhooks.rs",
        ],
        why: "all cryptography is in src/keys/",
    },
    Secret {
        words: &["for_tests", "doc(hidden)"],
        places: &[],
        why: "what only tests need is behind the feature test-support",
    },
    Secret {
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
        why: "the product is the same with and without the feature test-support",
    },
    Secret {
        words: &["keepopen_practice"],
        places: &["src/cli/demo/"],
        why: "no branch of the product knows that Stripe is a practice one",
    },
    Secret {
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
        why: "randomness comes from one place",
    },
    Secret {
        words: &["clippy::disallowed_methods"],
        places: &["src/clock.rs", "practice/src/ids.rs"],
        why: "clippy.toml says who may ask for time and randomness",
    },
    Secret { words: &["unsafe_code", "unsafe {", "unsafe fn"], places: &[], why: "there is no unsafe code" },
    Secret {
        words: &["actix_web", "HttpResponse"],
        places: &["src/web/", "src/api/", "src/management/", "src/cli/", "practice/src/"],
        why: "HTTP is the business of the web kit and the doors",
    },
];

/// What the decision must not use, because it is a pure function.
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

fn told_secrets(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let code = file.code();
        for secret in SECRETS {
            let allowed = secret.places.iter().any(|place| file.path.starts_with(place));
            for word in secret.words.iter().filter(|word| !allowed && code.contains(**word)) {
                complaints.push(format!("{} says `{word}`: {}", file.path, secret.why));
            }
        }
    }
    complaints
}

fn impure(files: &[File]) -> Vec<String> {
    let says = |file: &File| {
        let code = file.code();
        let found = IMPURE.iter().filter(|word| code.contains(**word));
        found.map(|word| format!("{} says `{word}`", file.path)).collect::<Vec<_>>()
    };
    files.iter().flat_map(says).collect()
}

#[test]
fn what_belongs_to_one_folder_is_said_in_no_other() {
    assert_eq!(told_secrets(&program()), Vec::<String>::new());
}

#[test]
fn each_of_these_secrets_is_found_where_it_does_not_belong() {
    for secret in SECRETS {
        for word in secret.words {
            let told = File::made_up("src/appeals/copy.rs", &format!("fn f() {{ {word} }}"));
            let complaints = told_secrets(&[told]);
            assert!(complaints.iter().any(|complaint| complaint.contains(word)), "{word}");
            let comment = File::made_up("src/appeals/copy.rs", &format!("// {word}"));
            assert_eq!(told_secrets(&[comment]), Vec::<String>::new());
        }
    }
}

#[test]
fn the_places_of_the_secrets_are_there() {
    let files = program();
    for place in SECRETS.iter().flat_map(|secret| secret.places) {
        assert!(files.iter().any(|file| file.path.starts_with(place)), "{place}");
    }
}

/// Files of the settings that name the decision's types. What a site is, and how its rules read, is for `sites` to say.
fn settings_that_know_the_domain(files: &[File]) -> Vec<String> {
    let knows = |file: &&File| file.code().contains("keepopen_decision");
    // It suggests the name that was meant by the decision's own function, and a test of it reads a large type.
    let in_question = files.iter().filter(|file| file.path != "src/config/typed/mod.rs");
    in_question.filter(knows).map(|file| format!("{} knows the decision", file.path)).collect()
}

#[test]
fn the_settings_do_not_know_the_domain() {
    assert_eq!(settings_that_know_the_domain(&below("src/config", &[".rs"])), Vec::<String>::new());
    let bad = File::made_up("src/config/limits.rs", "use keepopen_decision::Percent;");
    assert_eq!(settings_that_know_the_domain(&[bad]), ["src/config/limits.rs knows the decision"]);
}

#[test]
fn the_decision_touches_nothing() {
    assert_eq!(impure(&below("decision/src", &[".rs"])), Vec::<String>::new());
    let touching = File::made_up("decision/src/walk/mod.rs", "use std::time::Instant;\n// Mutex\n");
    assert_eq!(impure(&[touching]), ["decision/src/walk/mod.rs says `Instant`"]);
}

#[test]
fn the_decision_depends_on_small_pure_crates_alone() {
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
