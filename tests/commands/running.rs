//! `serve` and `demo` from start to stop.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use keepopen_testkit::{LOOPBACK, Running};

use super::Sandbox;

#[cfg(unix)]
#[test]
fn serve_creates_a_key_file_that_only_its_owner_can_read_and_stops_on_a_signal() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_settings(LOOPBACK).with_database();
    let mut running = sandbox.start(&["serve"]);
    let logs = running.logs_until("keepopen is serving requests");
    for warning in ["no site", "no appeal", "no Stripe key", "no webhook secret is configured"] {
        assert!(logs.contains(warning), "the log must contain {warning:?}: {logs}");
    }
    assert_eq!(running.stop(), Some(0));
    let key = sandbox.path("data/keepopen.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    // A key that others can read is not used.
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let sentence = sandbox.run_err(&["serve"]);
    assert!(sentence.contains("chmod 600"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn a_restart_uses_the_same_key_and_another_key_is_refused() {
    let sandbox = Sandbox::with_settings(LOOPBACK).with_database();
    let mut first = sandbox.start(&["serve"]);
    first.logs_until("keepopen is serving requests");
    assert_eq!(first.stop(), Some(0));
    let key = std::fs::read(sandbox.path("data/keepopen.key")).unwrap();
    let mut second = sandbox.start(&["serve"]);
    second.logs_until("keepopen is serving requests");
    assert_eq!(second.stop(), Some(0));
    assert_eq!(std::fs::read(sandbox.path("data/keepopen.key")).unwrap(), key);

    sandbox.write(
        "keepopen.toml",
        "[tokens]\nencryption_key = \"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"\n",
    );
    let sentence = sandbox.run_err(&["serve"]);
    assert!(sentence.contains("key"), "{sentence}");
    assert!(!sentence.contains("QUFB"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn files_are_private_with_any_umask_and_a_start_makes_the_files_of_an_older_version_private() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for umask in ["000", "022", "077"] {
        let sandbox = Sandbox::with_settings(LOOPBACK);
        let mut command = Command::new("/bin/sh");
        let serve = format!("umask {umask} && exec \"$0\" serve");
        command
            .args(["-c", &serve, env!("CARGO_BIN_EXE_keepopen")])
            .current_dir(sandbox.path(""))
            .env_clear();
        let mut running = Running::start(command.stdout(Stdio::piped()));
        running.logs_until("keepopen is serving requests");
        let data = sandbox.path("data");
        assert_eq!(mode(&data), 0o700, "the data folder, with umask {umask}");
        let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(files.len(), 6, "the data folder must contain six files: {files:?}");
        for file in &files {
            assert_eq!(mode(file), 0o600, "{}, with umask {umask}", file.display());
        }
        assert_eq!(running.stop(), Some(0));

        // Sets the modes that an older version used.
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
        let database = data.join("keepopen.db");
        std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
        let mut running = sandbox.start(&["serve"]);
        running.logs_until("keepopen is serving requests");
        assert_eq!((mode(&data), mode(&database)), (0o700, 0o600));
        assert_eq!(running.stop(), Some(0));
    }
}

#[cfg(unix)]
#[test]
fn every_command_that_needs_the_key_fails_if_the_key_file_is_missing_and_creates_no_new_file() {
    let sandbox = Sandbox::with_settings(LOOPBACK).with_database();
    let mut running = sandbox.start(&["serve"]);
    running.logs_until("keepopen is serving requests");
    assert_eq!(running.stop(), Some(0));
    let (key, moved_key) = (sandbox.path("data/keepopen.key"), sandbox.path("aside.key"));
    std::fs::rename(&key, &moved_key).unwrap();
    for command in [&["serve"][..], &["books", "check"], &["books", "rewrite"]] {
        let output = sandbox.run(command);
        assert_eq!(output.status, Some(1), "{output:?}");
        assert!(
            output.err.contains("keepopen.key is missing") && output.err.contains("restore it"),
            "{output:?}"
        );
        assert!(!key.exists(), "{command:?} must not create a key file");
    }
    std::fs::rename(&moved_key, &key).unwrap();
    let mut running = sandbox.start(&["serve"]);
    running.logs_until("keepopen is serving requests");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn an_encryption_key_of_a_wrong_shape_is_refused() {
    let sentence = Sandbox::with_settings("[tokens]\nencryption_key = \"c2hvcnQ=\"\n").run_err(&["serve"]);
    assert!(sentence.contains("32 bytes in base64") && sentence.contains("openssl rand"), "{sentence}");
}

#[test]
fn a_port_in_use_is_reported() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let free = "127.0.0.1:0".to_owned();
    for (setting, public, management) in
        [("server.bind", address.to_string(), free.clone()), ("management.bind", free, address.to_string())]
    {
        let settings = format!("[server]\nbind = \"{public}\"\n[management]\nbind = \"{management}\"\n");
        let output = Sandbox::with_settings(&settings).run(&["serve"]);
        assert_eq!(output.status, Some(1), "{output:?}");
        assert!(output.err.contains(&address.to_string()) && output.err.contains(setting), "{output:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_demo_prints_its_addresses_and_ignores_the_settings() {
    let sandbox = Sandbox::new();
    let mut running = sandbox.start(&["demo", "--port", "0", "--data-dir", "kept", "--json"]);
    let line = running.read_stdout_line();
    for name in ["newspaper", "keepopen", "practice"] {
        assert!(line.contains(&format!("\"{name}\":\"http://127.0.0.1:")), "{line}");
    }
    assert_eq!(running.stop(), Some(0));
    assert!(sandbox.path("kept/keepopen.db").is_file());
    assert!(!sandbox.path("data").exists());
}

#[test]
fn the_demo_does_not_run_if_a_live_key_is_configured() {
    let live = "[stripe]\nmode = \"live\"\nsecret_key = \"sk_live_hidden\"\n";
    let sentence = Sandbox::with_settings(live).run_err(&["demo", "--port", "0"]);
    assert!(sentence.contains("live") && sentence.contains("another folder"), "{sentence}");
    let sandbox = Sandbox::new().with_variable("KEEPOPEN_STRIPE__SECRET_KEY", "sk_live_hidden");
    let sentence = sandbox.run_err(&["demo", "--port", "0"]);
    assert!(sentence.contains("live key") && !sentence.contains("hidden"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn the_demo_accepts_requests_from_an_additional_origin() {
    let sandbox = Sandbox::new();
    let demo = ["demo", "--port", "0", "--json", "--origin", "http://localhost:3000"];
    let mut running = sandbox.start(&demo);
    let line = running.read_stdout_line();
    let service = line.split_once("\"keepopen\":\"http://").unwrap().1.split_once('"').unwrap().0;
    let is_allowed = |origin: &str| {
        let mut stream = std::net::TcpStream::connect(service).unwrap();
        let request = format!(
            "OPTIONS /v1/banner HTTP/1.1\r\nHost: {service}\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.contains(&format!("access-control-allow-origin: {origin}"))
    };
    assert!(is_allowed("http://localhost:3000"));
    assert!(!is_allowed("http://localhost:3001"));
    assert_eq!(running.stop(), Some(0));
    let sentence = sandbox.run_err(&["demo", "--port", "0", "--origin", "localhost:3000/"]);
    assert!(sentence.contains("origins"), "{sentence}");
}
