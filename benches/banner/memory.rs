//! Measures the memory of the whole program with 1,000 live appeals, before and after 5,000 banner requests.

use std::process::{Command, Stdio};

use keepopen_testkit::{free_address, wait_for_listener};

use super::load::{Server, request};
use super::worlds::{appeal, settings};

const APPEALS: usize = 1000;
const QUESTIONS: usize = 5000;

/// Prints the memory of the program, if the system reports it.
pub async fn print_memory() {
    let folder = tempfile::tempdir().unwrap();
    let appeals = |number| {
        appeal(
            number,
            "ask",
            &format!("priority = {}\naudience = {{ countries = {{ include = [\"IE\"] }} }}", number / 10),
        )
    };
    std::fs::write(folder.path().join("appeals.toml"), (0..APPEALS).map(appeals).collect::<String>())
        .unwrap();
    let address = free_address();
    let text = settings(folder.path()).replace("127.0.0.1:0", &address.to_string());
    let file = folder.path().join("keepopen.toml");
    std::fs::write(&file, format!("{text}[management]\nbind = \"\"\n")).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_keepopen"));
    program.args(["serve", "--config"]).arg(&file).stderr(Stdio::null());
    let mut service = program.spawn().unwrap();
    wait_for_listener(address).await;
    let at_start = resident_kib(service.id());
    let server = Server::start(|| address).await;
    let request_bytes =
        request("/v1/banner", r#"{"site":"journal","reader":{"country":"IE","bucket":7},"history":{}}"#);
    for _ in 0..QUESTIONS {
        assert!(server.send_once(&request_bytes).await.contains("matched"));
    }
    let mib = |kib: Option<f64>| kib.map_or("unknown".to_owned(), |kib| format!("{:.1} MiB", kib / 1024.0));
    println!(
        "\nmemory with {APPEALS} live appeals: {} at the start, {} after {QUESTIONS} questions",
        mib(at_start),
        mib(resident_kib(service.id()))
    );
    service.kill().unwrap();
    service.wait().unwrap();
}

/// The resident memory (`VmRSS`) of a process in KiB; `None` if the system does not report it.
fn resident_kib(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
}
