//! Tests untrusted input: runs the checks of the fuzz targets on every seed (a stored sample input) and on random
//! mutations of it.
//!
//! These tests need no nightly compiler, and find simple problems. `scripts/fuzz` is guided by code coverage and finds
//! more.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

use std::path::Path;

#[path = "../../fuzz/checks/mod.rs"]
mod checks;

/// The number of mutations of each seed.
const MUTATIONS: u64 = 1000;

/// Runs `check` on each seed of `target` and on mutations of it. The mutations are the same in every run.
fn check_all(target: &str, check: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join("seeds").join(target)).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(seeds.len() >= 10, "{target}: there must be at least 10 seeds");
    let entries = dictionary_entries(&root.join("dictionaries").join(format!("{target}.dict")));
    for (index, seed) in seeds.iter().enumerate() {
        check(seed);
        for mutation in 0..MUTATIONS {
            let mut random = fastrand::Rng::with_seed(mutation);
            let mut bytes = seed.clone();
            for _ in 0..random.usize(1..=4) {
                mutate(&mut bytes, &seeds[(index + 1) % seeds.len()], &entries, &mut random);
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let survived = std::panic::catch_unwind(|| check(&bytes));
            assert!(survived.is_ok(), "{target}: the check failed on {text}");
        }
    }
}

/// Returns the entries of a fuzzer dictionary: byte strings that often occur in valid input.
fn dictionary_entries(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap();
    let entry = |line: &str| {
        let inner = line.strip_prefix('"')?.strip_suffix('"')?;
        Some(inner.replace("\\\"", "\"").replace("\\x0A", "\n").replace("\\\\", "\\").into_bytes())
    };
    text.lines()
        .map(|line| entry(line).unwrap_or_else(|| panic!("this line must be a dictionary entry: {line}")))
        .collect()
}

/// Makes one random change to `bytes`: removes, replaces or inserts some bytes, or flips a bit. Inserts a dictionary
/// entry or the end of another seed.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], entries: &[Vec<u8>], random: &mut fastrand::Rng) {
    let start = random.usize(0..=bytes.len());
    let end = random.usize(start..=bytes.len().min(start + 40));
    match random.u8(0..6) {
        0 => drop(bytes.drain(start..end)),
        1 => drop(bytes.splice(start..end, random.choice(entries).unwrap().clone())),
        2 => drop(bytes.splice(start..start, random.choice(entries).unwrap().clone())),
        3 => bytes.truncate(start),
        4 => drop(bytes.splice(start..start, other[random.usize(0..=other.len())..].to_vec())),
        _ => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= 1 << random.u8(0..8);
            }
        }
    }
}

#[test]
fn the_signature_check_holds_for_mutated_headers_and_bodies() {
    check_all("signature_header", checks::signature_header);
}

#[test]
fn the_event_body_check_holds_for_mutated_bodies() {
    check_all("event_body", checks::event_body);
}

#[test]
fn the_reader_context_check_holds_for_mutated_contexts() {
    check_all("reader_context", checks::reader_context);
}

#[test]
fn the_appeals_file_check_holds_for_mutated_files() {
    check_all("appeals_file", checks::appeals_file);
}

#[test]
fn the_token_check_holds_for_mutated_tokens() {
    check_all("token", checks::token);
}
