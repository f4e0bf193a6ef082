//! How the code is laid out and what things are called: what keeps it readable for strangers.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

mod circles;
mod krate;
mod locks;
mod names;
mod words;

use krate::Krate;
use std::path::{Path, PathBuf};

/// The workspace to look at: `PARLOR_SHAPE_OF` compares another checkout.
fn root() -> PathBuf {
    std::env::var_os("PARLOR_SHAPE_OF").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        PathBuf::from,
    )
}

/// The crates of the product.
fn crates() -> Vec<Krate> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap();
    let mut folders: Vec<PathBuf> = folders.map(|folder| folder.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| Krate::read(folder)).collect()
}
