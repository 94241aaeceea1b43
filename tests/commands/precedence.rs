//! The precedence of settings: the environment overrides the file, which overrides the defaults. Secrets can also come
//! from their own files.

use super::Sandbox;

#[test]
fn without_a_file_the_defaults_apply() {
    let settings = Sandbox::new().effective_settings();
    assert_eq!(settings["data_dir"].as_str(), Some("data"));
    assert_eq!(settings["database"]["url"].as_str(), Some("sqlite:data/keepopen.db"));
    assert_eq!(settings["stripe"]["mode"].as_str(), Some("test"));
    assert_eq!(settings["stripe"]["secret_key"].as_str(), Some("(not set)"));
    assert_eq!(settings["tokens"]["encryption_key_file"].as_str(), Some("data/keepopen.key"));
}

#[test]
fn the_file_overrides_the_defaults_and_the_environment_overrides_the_file() {
    let file = "[tokens]\nvalid_hours = 12\n[log]\nlevel = \"warn\"\n";
    let sandbox = Sandbox::with_settings(file).with_variable("KEEPOPEN_LOG__LEVEL", "debug");
    let settings = sandbox.effective_settings();
    assert_eq!(settings["tokens"]["valid_hours"].as_integer(), Some(12));
    assert_eq!(settings["log"]["level"].as_str(), Some("debug"));
    assert_eq!(settings["log"]["format"].as_str(), Some("human"));
}

#[test]
fn a_named_file_is_read_instead_of_keepopen_toml() {
    let sandbox = Sandbox::with_settings("data_dir = \"one\"\n");
    sandbox.write("other.toml", "data_dir = \"two\"\n");
    let data_dir_shown_by = |sandbox: &Sandbox, arguments: &[&str]| {
        sandbox.run_ok(arguments).parse::<toml::Table>().unwrap()["data_dir"].clone()
    };
    assert_eq!(data_dir_shown_by(&sandbox, &["check-config"]).as_str(), Some("one"));
    assert_eq!(
        data_dir_shown_by(&sandbox, &["check-config", "--config", "other.toml"]).as_str(),
        Some("two")
    );
    assert_eq!(
        data_dir_shown_by(&sandbox, &["--config", "other.toml", "check-config"]).as_str(),
        Some("two")
    );
    let sandbox = sandbox.with_variable("KEEPOPEN_CONFIG", "other.toml");
    assert_eq!(data_dir_shown_by(&sandbox, &["check-config"]).as_str(), Some("two"));
}

#[test]
fn the_banner_of_a_site_can_be_switched_off_from_the_environment() {
    let example = include_str!("../../config.example.toml");
    let sandbox = Sandbox::with_settings(example).with_variable("KEEPOPEN_SITES__JOURNAL__BANNER", "off");
    assert_eq!(sandbox.effective_settings()["sites"]["journal"]["banner"].as_str(), Some("off"));
}

#[test]
fn the_variable_database_url_is_used_if_no_setting_names_the_database() {
    let url = |sandbox: Sandbox| sandbox.effective_settings()["database"]["url"].as_str().unwrap().to_owned();
    let with_database_url = |sandbox: Sandbox| sandbox.with_variable("DATABASE_URL", "sqlite:elsewhere.db");
    assert_eq!(url(with_database_url(Sandbox::new())), "sqlite:elsewhere.db");
    assert_eq!(
        url(with_database_url(Sandbox::with_settings("[database]\nurl = \"sqlite:file.db\"\n"))),
        "sqlite:file.db"
    );
    let both = with_database_url(Sandbox::new()).with_variable("KEEPOPEN_DATABASE__URL", "sqlite:ours.db");
    assert_eq!(url(both), "sqlite:ours.db");
}

#[test]
fn secrets_are_read_from_files_and_never_shown() {
    let sandbox = Sandbox::with_settings(
        "[stripe]\nsecret_key_file = \"key\"\nwebhook_secret_files = [\"one\", \"two\"]\n\
         [tokens]\nencryption_key = \"c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXMtMzItYnl0ZXM=\"\n",
    );
    sandbox.write("key", "sk_test_quiet\n");
    sandbox.write("one", "whsec_quiet1\n");
    sandbox.write("two", "whsec_quiet2\n");
    let settings = sandbox.effective_settings();
    assert_eq!(settings["stripe"]["secret_key"].as_str(), Some("(set)"));
    let secrets = settings["stripe"]["webhook_secrets"].as_array().unwrap();
    assert!(secrets.len() == 2 && secrets.iter().all(|secret| secret.as_str() == Some("(set)")));
    let shown = sandbox.run_ok(&["check-config"]);
    assert!(!shown.contains("quiet") && !shown.contains("c2VjcmV0"), "{shown}");

    let sandbox = Sandbox::new().with_variable("KEEPOPEN_STRIPE__WEBHOOK_SECRET_FILES", "one");
    sandbox.write("one", "whsec_quiet1\n");
    assert_eq!(sandbox.effective_settings()["stripe"]["webhook_secrets"].as_array().map(Vec::len), Some(1));
}

#[test]
fn secrets_in_the_file_or_the_environment_are_never_shown() {
    for (secrets, count) in
        [("[\"whsec_quiet\"]", 1), ("whsec_quiet", 1), ("[\"whsec_quiet\", \"whsec_next\"]", 2)]
    {
        let sandbox = Sandbox::with_settings("[stripe]\nsecret_key = \"sk_test_quiet\"\n")
            .with_variable("KEEPOPEN_STRIPE__WEBHOOK_SECRETS", secrets);
        let shown = sandbox.run_ok(&["check-config"]);
        assert!(!shown.contains("quiet"), "{shown}");
        assert_eq!(shown.matches("\"(set)\"").count(), 1 + count, "{shown}");
    }
}
