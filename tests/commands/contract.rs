//! The API description, and the program's help.

use super::Sandbox;

const WRITTEN: &str = include_str!("../../openapi.yaml");

#[test]
fn openapi_yaml_is_up_to_date_with_the_handlers() {
    let said = Sandbox::new().good(&["openapi"]);
    assert!(
        said == WRITTEN,
        "openapi.yaml is out of date; write it again: cargo run -- openapi > openapi.yaml"
    );
}

#[test]
fn the_contract_is_openapi_3_1() {
    assert!(WRITTEN.starts_with("openapi: 3.1."), "{}", &WRITTEN[..40]);
    for route in
        ["/v1/banner:", "/v1/checkout:", "/v1/tokens:", "/v1/supporter:", "/webhooks/stripe:", "/embed.js:"]
    {
        assert!(WRITTEN.contains(&format!("\n  {route}\n")), "{route}");
    }
}

#[test]
fn openapi_needs_no_settings() {
    Sandbox::with("this is no toml").good(&["openapi"]);
}

#[test]
fn the_help_describes_every_command() {
    let sandbox = Sandbox::new();
    let all = sandbox.good(&["--help"]);
    for (command, words) in [
        ("serve", "Run the service"),
        ("demo", "practice Stripe"),
        ("migrate", "Migrate the database"),
        ("check-config", "secrets hidden"),
        ("openapi", "OpenAPI 3.1"),
        ("api-key", "Secret API keys"),
    ] {
        assert!(all.contains(command), "{all}");
        let help = sandbox.good(&[command, "--help"]);
        assert!(help.contains(words) && help.contains("--config <FILE>"), "{help}");
        assert!(help.contains(&format!("Usage: keepopen {command}")), "{help}");
    }
    let help = sandbox.good(&["api-key", "create", "--help"]);
    for words in ["shown once", "--name", "--scope", "supporters:read"] {
        assert!(help.contains(words), "{help}");
    }
    assert_eq!(sandbox.good(&["--version"]), format!("keepopen {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_is_reported_with_the_known_ones() {
    let said = Sandbox::new().run(&["sevre"]);
    assert_eq!(said.status, Some(2));
    assert!(said.err.contains("serve"), "{said:?}");
}
