//! Secret API keys, and the database in which they are stored.

use super::{Sandbox, contains};

#[test]
fn migrate_can_run_twice() {
    let sandbox = Sandbox::new().with_database();
    for _ in 0..2 {
        assert_eq!(sandbox.run_ok(&["migrate"]), "The database is up to date.\n");
    }
    let file = sandbox.path("data/keepopen.db");
    assert_eq!(file.is_file(), sandbox.database_url().ends_with(file.to_str().unwrap()));
}

#[test]
fn the_secret_is_shown_once_and_is_not_stored() {
    let sandbox = Sandbox::new().with_database();
    let output =
        sandbox.run(&["api-key", "create", "--name", "the site's back end", "--scope", "supporters:read"]);
    assert_eq!(output.status, Some(0), "{output:?}");
    let secret = output.out.lines().next().unwrap().to_owned();
    assert!(secret.starts_with("keepopen_sk_") && secret.len() > 50, "{secret}");
    assert_eq!(output.out.matches("keepopen_sk_").count(), 1, "{output:?}");
    assert!(output.err.contains("only time"), "{output:?}");
    assert_eq!(
        output.out.trim_end(),
        secret,
        "standard output must contain only the key, so that it can be piped"
    );
    assert!(!output.err.contains("keepopen_sk_"), "{output:?}");
    let id = output.err.split("key_").nth(1).unwrap().trim_end().trim_end_matches('.');
    let bytes = sandbox.all_bytes();
    assert!(
        contains(&bytes, &format!("key_{id}")),
        "the search must find the key's id; otherwise it could not find a stored secret either"
    );
    assert!(contains(&bytes, "the site's back end"));
    assert!(!contains(&bytes, &secret), "the secret must not be stored");
    assert!(
        !contains(&bytes, secret.trim_start_matches("keepopen_sk_")),
        "the secret must not be stored without its prefix either"
    );
}

#[test]
fn two_new_keys_have_different_secrets() {
    let sandbox = Sandbox::new().with_database();
    let create_key = || sandbox.run_ok(&["api-key", "create", "--name", "a", "--scope", "supporters:read"]);
    assert_ne!(create_key(), create_key());
}

#[test]
fn a_key_is_not_created_without_a_name_and_a_known_scope() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["api-key", "create", "--name", "a"][..],
        &["api-key", "create", "--scope", "supporters:read"],
        &["api-key", "create", "--name", "a", "--scope", "everything"],
    ] {
        let output = sandbox.run(arguments);
        assert_eq!(output.status, Some(2), "{output:?}");
    }
    assert!(!sandbox.path("data").exists());
}
