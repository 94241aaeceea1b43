//! `keepopen health` reports to scripts and people whether the service can take requests.

use super::Sandbox;
use keepopen_testkit::LOOPBACK;

#[cfg(unix)]
#[test]
fn health_succeeds_while_the_service_runs_and_fails_with_a_message_otherwise() {
    let sandbox = Sandbox::with_settings(&format!("{LOOPBACK}[log]\nformat = \"json\"\n")).with_database();
    let mut running = sandbox.start(&["serve"]);
    let logs = running.logs_until("keepopen is serving requests");
    let management = logs.lines().find(|line| line.contains("serving health checks and metrics")).unwrap();
    let address = management.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
    let url = format!("http://{address}");
    assert_eq!(sandbox.run_ok(&["health", "--url", &url]), "The service is ready.\n");
    assert_eq!(running.stop(), Some(0));
    let sentence = sandbox.run_err(&["health", "--url", &url]);
    assert!(sentence.contains(address) && sentence.contains("keepopen serve"), "{sentence}");
}

#[test]
fn health_sends_its_request_to_the_address_in_the_settings() {
    // This listener never answers. It holds its port, so that no other process can take it during the test.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let settings = format!("[management]\nbind = \"0.0.0.0:{}\"\n", address.port());
    let sentence = Sandbox::with_settings(&settings).run_err(&["health"]);
    assert!(sentence.contains(&format!("http://{address}/readyz")), "{sentence}");
    assert!(sentence.contains("it did not answer in time"), "{sentence}");
}

#[test]
fn health_says_what_to_set_if_there_is_no_usable_address() {
    let sentence = Sandbox::with_settings("[management]\nbind = \"\"\n").run_err(&["health"]);
    assert!(sentence.contains("management.bind is empty"), "{sentence}");
    let sentence = Sandbox::with_settings("[management]\nbind = \"127.0.0.1:0\"\n").run_err(&["health"]);
    assert!(sentence.contains("--url"), "{sentence}");
    let sentence = Sandbox::new().run_err(&["health", "--url", "ftp://127.0.0.1"]);
    assert!(sentence.contains("http URL"), "{sentence}");
}
