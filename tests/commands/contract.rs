//! The API description, and the program's help.

use super::Sandbox;

const OPENAPI_YAML: &str = include_str!("../../openapi.yaml");

#[test]
fn openapi_yaml_is_up_to_date_with_the_handlers() {
    let output = Sandbox::new().run_ok(&["openapi"]);
    assert!(
        output == OPENAPI_YAML,
        "openapi.yaml is out of date; update it with: cargo run -- openapi > openapi.yaml"
    );
}

#[test]
fn the_api_description_is_openapi_3_1() {
    assert!(OPENAPI_YAML.starts_with("openapi: 3.1."), "{}", &OPENAPI_YAML[..40]);
    for route in
        ["/v1/banner:", "/v1/checkout:", "/v1/tokens:", "/v1/supporter:", "/webhooks/stripe:", "/embed.js:"]
    {
        assert!(OPENAPI_YAML.contains(&format!("\n  {route}\n")), "openapi.yaml must describe {route}");
    }
}

#[test]
fn openapi_needs_no_settings() {
    Sandbox::with_settings("this is no toml").run_ok(&["openapi"]);
}

#[test]
fn the_help_describes_every_command() {
    let sandbox = Sandbox::new();
    let all = sandbox.run_ok(&["--help"]);
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.map(str::trim).take_while(|line| !line.is_empty());
    let commands = commands.map(|line| line.split_once(' ').unwrap_or((line, "")));
    let commands = commands.filter(|(name, _)| *name != "help");
    let (names, descriptions): (Vec<&str>, Vec<&str>) = commands.unzip();
    assert!(names.len() > 15, "the help must list every command: {all}");
    for (command, description) in names.iter().zip(descriptions) {
        assert!(!description.trim().is_empty(), "the help must describe {command}: {all}");
        let help = sandbox.run_ok(&[command, "--help"]);
        assert!(help.contains("--config <FILE>"), "{help}");
        assert!(help.contains(&format!("Usage: keepopen {command}")), "{help}");
    }
    for (command, words) in [
        ("serve", "Run the service"),
        ("demo", "practice Stripe"),
        ("migrate", "Migrate the database"),
        ("check-config", "secrets hidden"),
        ("openapi", "OpenAPI 3.1"),
        ("api-key", "Secret API keys"),
    ] {
        assert!(names.contains(&command), "{all}");
        let help = sandbox.run_ok(&[command, "--help"]);
        assert!(help.contains(words), "{help}");
    }
    let help = sandbox.run_ok(&["api-key", "create", "--help"]);
    for words in ["shown once", "--name", "--scope", "supporters:read"] {
        assert!(help.contains(words), "{help}");
    }
    assert_eq!(sandbox.run_ok(&["--version"]), format!("keepopen {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_is_reported_with_the_known_ones() {
    let output = Sandbox::new().run(&["sevre"]);
    assert_eq!(output.status, Some(2));
    assert!(output.err.contains("serve"), "{output:?}");
}
