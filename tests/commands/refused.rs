//! Invalid settings prevent the start, and the message says what to do.

use super::example::EXAMPLE;
use super::{JOURNAL, Sandbox};

/// The error message for invalid `settings`. `check-config` and `serve` must both fail with this message.
fn error_for(settings: &str) -> String {
    let sandbox = Sandbox::with_settings(settings);
    let sentence = sandbox.run_err(&["check-config"]);
    assert_eq!(sandbox.run_err(&["serve"]), sentence);
    assert!(!sandbox.path("data").exists(), "no file may be created before the settings are valid");
    sentence
}

/// Asserts that `settings` are refused with a message that contains all of `words`.
fn assert_refused(settings: &str, words: &[&str]) {
    let sentence = error_for(settings);
    for word in words {
        assert!(sentence.contains(word), "`{word}` is not in: {sentence}\nfor: {settings}");
    }
}

/// The example with one line changed.
fn example_with(line: &str, other: &str) -> String {
    assert!(EXAMPLE.contains(line), "{line}");
    EXAMPLE.replace(line, other)
}

#[test]
fn an_unknown_key_is_named_in_every_table_and_in_the_environment() {
    assert_refused("datadir = \"x\"", &["datadir", "config.example.toml"]);
    assert_refused("[stripe]\nsecretkey = \"x\"", &["secretkey", "config.example.toml"]);
    assert_refused(&example_with("quiet_days = 90", "quietdays = 90"), &["quietdays"]);
    assert_refused(&example_with("once = [", "onse = ["), &["onse"]);
    let sandbox = Sandbox::new().with_variable("KEEPOPEN_SERVER__PORT", "80");
    assert!(sandbox.run_err(&["check-config"]).contains("port"));
}

#[test]
fn a_value_of_a_wrong_type_and_invalid_toml_are_reported() {
    assert_refused("[server]\nworkers = \"many\"", &["workers"]);
    assert_refused("[server]\nbind = \"here\"", &["bind"]);
    assert_refused("[stripe]\nmode = \"real\"", &["mode", "live"]);
    assert_refused("this is no toml", &["config.example.toml"]);
}

#[test]
fn a_missing_settings_file_is_reported() {
    let sentence = Sandbox::new().run_err(&["check-config", "--config", "nowhere.toml"]);
    assert!(sentence.contains("nowhere.toml") && sentence.contains("config.example.toml"), "{sentence}");
}

#[test]
fn an_unsupported_or_unreachable_database_is_never_replaced_by_another() {
    assert_refused("[database]\nurl = \"mysql://a:quiet@db/keepopen\"", &["unknown scheme", "sqlite:PATH"]);
    assert_refused("[database]\nurl = \"keepopen.db\"", &["unknown scheme", "sqlite:PATH"]);
    for url in ["sqlite:", "sqlite::memory:", "sqlite:?cache=shared", "sqlite:a.db?mode=memory"] {
        assert_refused(&format!("[database]\nurl = \"{url}\""), &["in memory", "sqlite:PATH"]);
    }
    let mysql = Sandbox::new().with_variable("DATABASE_URL", "mysql://a:quiet@db/keepopen");
    let sentence = mysql.run_err(&["migrate"]);
    assert!(sentence.contains("sqlite:PATH") && !sentence.contains("quiet"), "{sentence}");
    // If PostgreSQL does not respond, the service does not start. It never uses an SQLite file instead.
    let unreachable = Sandbox::new().with_variable("DATABASE_URL", "postgres://a:quiet@127.0.0.1:1/keepopen");
    let sentence = unreachable.run_err(&["migrate"]);
    assert!(sentence.contains("PostgreSQL") && !sentence.contains("quiet"), "{sentence}");
}

#[test]
fn two_settings_for_the_same_value_are_refused() {
    let keep_one = "keep one";
    assert_refused(
        "[stripe]\nsecret_key = \"sk_test_a\"\nsecret_key_file = \"f\"",
        &["stripe.secret_key_file", keep_one],
    );
    assert_refused(
        "[stripe]\nwebhook_secrets = [\"whsec_a\"]\nwebhook_secret_files = [\"f\"]",
        &["stripe.webhook_secret_files", keep_one],
    );
    assert_refused(
        "[tokens]\nencryption_key = \"a\"\nencryption_key_file = \"f\"",
        &["tokens.encryption_key_file", keep_one],
    );
}

#[test]
fn a_missing_secret_file_is_named() {
    assert_refused("[stripe]\nsecret_key_file = \"nowhere\"", &["nowhere", "can't be read"]);
}

#[test]
fn a_key_of_the_other_mode_and_a_publishable_key_are_refused() {
    assert_refused("[stripe]\nsecret_key = \"sk_live_hidden\"", &["\"test\"", "live key"]);
    assert_refused("[stripe]\nsecret_key = \"rk_live_hidden\"", &["\"test\"", "live key"]);
    assert_refused(
        "[stripe]\nmode = \"live\"\nsecret_key = \"sk_test_hidden\"",
        &["\"live\"", "not a live key"],
    );
    assert_refused("[stripe]\nsecret_key = \"pk_test_hidden\"", &["publishable"]);
}

#[test]
fn a_live_key_is_sent_only_to_stripe() {
    let live = "[stripe]\nmode = \"live\"\nsecret_key = \"sk_live_hidden\"\n";
    assert_refused(&format!("{live}api_url = \"https://proxy.example.org/\""), &["stripe.api_url", "live"]);
    assert_refused(&format!("{live}api_url = \"http://127.0.0.1:12111/\""), &["stripe.api_url", "live"]);
    assert_refused("[stripe]\napi_url = \"http://other.example.org/\"", &["plain http", "https"]);
    assert_refused("[stripe]\napi_url = \"file:///tmp\"", &["stripe.api_url", "http"]);
    Sandbox::with_settings(live).effective_settings();
}

#[test]
fn invalid_webhook_secrets_and_limits_of_stripe_settings_are_refused() {
    assert_refused("[stripe]\nwebhook_secrets = [\"sk_test_a\"]", &["whsec_"]);
    assert_refused("[stripe]\nwebhook_secrets = [\"whsec_a\", \"whsec_b\", \"whsec_c\"]", &["more than two"]);
    assert_refused("[stripe]\nwebhook_max_bytes = 100", &["webhook_max_bytes"]);
    assert_refused("[stripe]\ntimeout_seconds = 0", &["timeout_seconds"]);
}

#[test]
fn no_error_message_contains_a_secret() {
    for settings in [
        "[stripe]\nwebhook_secrets = { a = \"hidden\" }",
        "[stripe]\nsecret_key = [\"sk_test_hidden\"]",
        "[stripe]\nsecret_key = \"sk_live_hidden\"",
        "[stripe]\nwebhook_secrets = [\"hidden\"]",
        "[stripe]\nsecret_key = \"sk_test_hidden",
        "[tokens]\nencryption_key = { key = \"hidden\" }",
    ] {
        let sentence = error_for(settings);
        assert!(!sentence.contains("hidden"), "{sentence}");
    }
    for (name, value) in [
        ("KEEPOPEN_STRIPE__WEBHOOK_SECRETS", "hidden_without_its_prefix"),
        ("KEEPOPEN_STRIPE__WEBHOOK_SECRETS", "{whsec = hidden}"),
        ("KEEPOPEN_STRIPE__WEBHOOK_SECRET", "whsec_hidden"),
    ] {
        let sentence = Sandbox::new().with_variable(name, value).run_err(&["check-config"]);
        assert!(!sentence.contains("hidden"), "{sentence}");
    }
    let sentence =
        Sandbox::new().with_variable("KEEPOPEN_STRIPE__SECRET_KEY", "123456789").run_err(&["check-config"]);
    assert!(!sentence.contains("123456789"), "{sentence}");
}

#[test]
fn a_site_needs_valid_origins_an_id_a_time_zone_a_currency_and_a_name() {
    for origin in [
        "https://www.journal.example/",
        "www.journal.example",
        "https://www.journal.example/news",
        "https://*.journal.example",
        "ftp://journal.example",
    ] {
        assert_refused(
            &example_with("https://www.journal.example\"]", &format!("{origin}\"]")),
            &["sites.journal.origins", "exact origin"],
        );
    }
    assert_refused(
        &example_with("locale = \"en\"", "locale = \"en_IE\""),
        &["sites.journal.locale", "en_IE", "language tag"],
    );
    assert_refused(
        &example_with("time_zone = \"UTC\"", "time_zone = \"Europe/Nowhere\""),
        &["time_zone", "Europe/Nowhere", "IANA"],
    );
    assert_refused(
        &example_with("[sites.journal]", "[sites.\"The Journal\"]")
            .replace("sites.journal.", "sites.\"The Journal\"."),
        &["lowercase letters"],
    );
    for id in [String::new(), "j".repeat(41)] {
        let named = example_with("[sites.journal]", &format!("[sites.\"{id}\"]"));
        assert_refused(&named.replace("sites.journal.", &format!("sites.\"{id}\".")), &["1 to 40"]);
    }
    assert_refused(
        &example_with("currency = \"EUR\"", "currency = \"USD\""),
        &["sites.journal.giving", "USD"],
    );
    assert_refused(&example_with("currency = \"EUR\"", "currency = \"EURO\""), &["currency"]);
    assert_refused(&example_with("name = \"The Journal\"", ""), &["name"]);
}

#[test]
fn amounts_outside_their_limits_are_refused() {
    for (line, other) in [
        ("minimum_minor = 100", "minimum_minor = 0"),
        // Stripe's minimum in euro is 0.50.
        ("minimum_minor = 100", "minimum_minor = 49"),
        ("maximum_minor = 1000000", "maximum_minor = 99"),
        ("maximum_minor = 1000000", "maximum_minor = 100000000"),
        ("once = [500, 1500, 5000]", "once = [50]"),
        ("year = [5000, 10000, 20000]", "year = [1000001]"),
        ("default_amount_minor = 1000", "default_amount_minor = 1001"),
        ("default_interval = \"month\"", "default_interval = \"once\""),
        ("month = [500, 1000, 2000]", "month = []"),
    ] {
        assert_refused(&example_with(line, other), &["sites.journal.giving.EUR"]);
    }
    for (line, other, words) in [
        ("minimum_minor = 100", "minimum_minor = 0", "minimum_minor must be at least 1;"),
        ("minimum_minor = 100", "minimum_minor = 49", "at least 50, Stripe's minimum"),
        ("maximum_minor = 1000000", "maximum_minor = 99", "maximum_minor must be at least minimum_minor"),
    ] {
        assert_refused(&example_with(line, other), &[words]);
    }
}

const GBP: &str = r#"
[sites.journal.giving.GBP]
minimum_minor = 100
maximum_minor = 1000000
once = [500]
default_interval = "once"
default_amount_minor = 500
"#;

#[test]
fn a_country_can_have_only_one_currency_and_one_set_of_amounts() {
    let settings_with = |eur: &str, gbp: &str| format!("{EXAMPLE}{eur}\n{GBP}{gbp}");
    let path = "sites.journal.giving";
    for (eur, gbp, named) in [
        (
            r#"countries = ["IM"]"#,
            r#"countries = ["GB", "IM"]"#,
            ["giving.GBP.countries", "IM is already in", "giving.EUR"],
        ),
        ("", r#"countries = ["UK"]"#, ["giving.GBP.countries", "`UK`", "country_groups"]),
        (
            &by_country(r#"["PT"]"#, 600),
            "",
            ["giving.EUR.by_country[0]", "default_amount_minor", "not one of"],
        ),
        (
            &by_country("[]", 500),
            "",
            ["giving.EUR.by_country[0].countries", "is empty", "countries whose readers"],
        ),
        (
            &(by_country(r#"["PT"]"#, 500).replace("}]", "}, ")
                + &by_country(r#"["ES", "PT"]"#, 500).replace("by_country = [", "")),
            "",
            ["giving.EUR.by_country[1].countries", "PT is already in", "by_country[0]"],
        ),
    ] {
        assert_refused(&settings_with(eur, gbp), &[&[path], &named[..]].concat());
    }
    let valid = settings_with(&by_country(r#"["PT"]"#, 500), r#"countries = ["GB", "IM"]"#);
    Sandbox::with_settings(&valid).effective_settings();
}

fn by_country(countries: &str, default_amount_minor: i64) -> String {
    format!(
        "by_country = [{{ countries = {countries}, once = [500], default_interval = \"once\", default_amount_minor = {default_amount_minor} }}]"
    )
}

#[test]
fn an_invalid_highlighted_amount_or_fee_is_refused() {
    for (line, named) in [
        ("highlighted = { interval = \"once\", amount_minor = 500 }", ""),
        ("highlighted = { interval = \"once\", amount_minor = 501 }", "highlighted is not one of"),
        ("fee_cover = { percent = 1.5, fixed_minor = 25 }", ""),
        ("fee_cover = { percent = 2 }", ""),
        ("fee_cover = { percent = 20.1 }", "fee_cover: percent must be"),
        ("fee_cover = { percent = 1, fixed_minor = -1 }", "fixed_minor must be at least 0"),
        ("fee_cover = { percent = 1, fixd_minor = 1 }", "fee_cover.fixd_minor"),
    ] {
        let text = format!("{EXAMPLE}{line}\n");
        if named.is_empty() {
            Sandbox::with_settings(&text).effective_settings();
        } else {
            assert_refused(&text, &["sites.journal.giving.", named]);
        }
    }
    // The maximum alone is below Stripe's limit, but the maximum plus the fee is not.
    let highest = example_with("maximum_minor = 1000000", "maximum_minor = 99999999");
    assert_refused(&format!("{highest}fee_cover = {{ percent = 1 }}"), &["maximum_minor plus the fee"]);
}

#[test]
fn the_management_port_is_separate_or_switched_off() {
    let same_port = ["management.bind", "server.bind", "another port"];
    assert_refused("[management]\nbind = \"127.0.0.1:8787\"", &same_port);
    assert_refused("[management]\nbind = \"0.0.0.0:8787\"", &same_port);
    assert_refused("[server]\nbind = \"[::]:9787\"", &same_port);
    assert_refused("[management]\nbind = \"here\"", &["management.bind", "127.0.0.1:9787", "empty"]);
    for address in ["", "127.0.0.1:0", "127.0.0.2:8787"] {
        let shown =
            Sandbox::with_settings(&format!("[management]\nbind = \"{address}\"")).effective_settings();
        assert_eq!(shown["management"]["bind"].as_str(), Some(address));
    }
    let off = Sandbox::new().with_variable("KEEPOPEN_MANAGEMENT__BIND", "").effective_settings();
    assert_eq!(off["management"]["bind"].as_str(), Some(""));
}

#[test]
fn all_other_invalid_settings_are_refused() {
    assert_refused("[tokens]\nvalid_hours = 25", &["tokens.valid_hours", "1 to 24"]);
    assert_refused("[tokens]\nvalid_hours = 0", &["tokens.valid_hours"]);
    assert_refused("[tokens]\nchecks_per_second = 0", &["tokens.checks_per_second"]);
    assert_refused("[limits]\ncheckout_address_per_minute = 0", &["limits.checkout_address_per_minute"]);
    assert_refused("[server]\nbody_timeout_seconds = 0", &["server.body_timeout_seconds", "at least 1"]);
    assert_refused(
        "[server]\ntrusted_proxies = [\"nginx\"]",
        &["server.trusted_proxies", "10.0.0.0/8", "2001:db8::1"],
    );
    assert_refused("[server]\nforwarded_header = \"Via\"", &["server.forwarded_header", "X-Forwarded-For"]);
    let shown = Sandbox::new()
        .with_variable("KEEPOPEN_SERVER__TRUSTED_PROXIES", "[\"172.16.0.0/12\", \"2001:db8::1\"]")
        .effective_settings();
    let networks = shown["server"]["trusted_proxies"].as_array().unwrap();
    assert_eq!(networks.len(), 2);
    assert_eq!(networks[1].as_str(), Some("2001:db8::1/128"));
    assert_refused(
        "[server]\npublic_url = \"https://give.example.org/path/\"",
        &["server.public_url", "without a path"],
    );
    assert_refused("[server]\npublic_url = \"give.example.org\"", &["public_url"]);
    for url in ["https://give.example.org/?from=here", "ftp://give.example.org/"] {
        assert_refused(
            &format!("[server]\npublic_url = \"{url}\""),
            &["server.public_url", "without a path"],
        );
    }
    let no_views = format!("{JOURNAL}[sites.journal.rules.frequency]\nmax_views = 0\n");
    let sentence = "no appeal that this limit applies to ever shows";
    assert_refused(&no_views, &["sites.journal.rules.frequency.max_views", sentence]);
    assert_refused("[log]\nlevel = \"loud=very=so\"", &["log.level"]);
    assert_refused("[log]\nlevel = \"infoo\"", &["log.level", "`infoo` is not a level", "info"]);
}

#[test]
fn valid_settings_that_are_rarely_intended_cause_a_warning() {
    let live = "[server]\npublic_url = \"http://give.example.org/\"\n[stripe]\nmode = \"live\"\n";
    for (settings, words) in [
        ("[management]\nbind = \"0.0.0.0:9787\"", &["management.bind", "0.0.0.0"][..]),
        ("[management]\nbind = \"[::]:9787\"", &["management.bind"]),
        ("[management]\nbind = \"198.51.100.7:9787\"", &["management.bind", "198.51.100.7"]),
        (live, &["server.public_url", "live", "https"]),
    ] {
        let output = Sandbox::with_settings(settings).run(&["check-config"]);
        assert_eq!(output.status, Some(0), "{output:?}");
        assert!(
            output.err.starts_with("keepopen: warning: ") && output.err.lines().count() == 1,
            "{output:?}"
        );
        assert!(words.iter().all(|word| output.err.contains(word)), "{output:?}");
    }
    for settings in [
        "",
        "[management]\nbind = \"\"",
        "[management]\nbind = \"192.168.1.2:9787\"",
        "[management]\nbind = \"[fd00::1]:9787\"",
        "[stripe]\nmode = \"live\"\n[server]\npublic_url = \"https://give.example.org/\"",
        "[server]\npublic_url = \"http://give.example.org/\"",
    ] {
        assert_eq!(Sandbox::with_settings(settings).run(&["check-config"]).err, "", "{settings}");
    }
}
