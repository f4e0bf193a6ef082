//! Migrations are embedded: a new one must make the binary anew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
