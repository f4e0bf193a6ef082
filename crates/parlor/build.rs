//! Rebuilds the binary when a migration is added, since migrations are embedded.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
