//! Rebuilds when a migration changes: they are compiled into the program.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=web/embed/dist");
    println!("cargo:rerun-if-changed=web/demo");
}
