//! Rebuilds the program when a migration, the embed script or the demo changes, because they are compiled into it.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=web/embed/dist");
    println!("cargo:rerun-if-changed=web/demo");
}
