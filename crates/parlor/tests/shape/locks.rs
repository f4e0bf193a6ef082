//! One rule for a lock whose holder panicked: that of `parking_lot`, which knows no poisoning.

use super::{crates, root};

/// A process of its own, which no other crate imports.
const LOAD_GENERATOR: &str = "loadgen";

#[test]
fn locks_are_those_of_parking_lot() {
    for krate in crates() {
        let src = root().join("crates").join(&krate.name).join("src");
        for module in krate.modules.values() {
            let text = std::fs::read_to_string(src.join(&module.file)).unwrap();
            assert!(
                !has_lock_of_std(&text) || krate.name == LOAD_GENERATOR,
                "{}/{}",
                krate.name,
                module.file.display()
            );
        }
    }
}

/// Whether a text names a lock of the standard library, alone or in a group of imports.
fn has_lock_of_std(text: &str) -> bool {
    let locks = ["PoisonError", "Mutex", "RwLock", "Condvar"];
    text.split("std::sync::").skip(1).any(|rest| {
        let end = match rest.strip_prefix('{') {
            Some(_) => rest.find('}'),
            None => rest.find(|c: char| !c.is_alphanumeric() && c != '_'),
        };
        let names = &rest[..end.unwrap_or(rest.len())];
        locks.iter().any(|lock| names.contains(lock))
    })
}

#[test]
fn a_lock_of_std_is_found_alone_and_in_a_group() {
    assert!(has_lock_of_std("use std::sync::Mutex;"));
    assert!(has_lock_of_std("use std::sync::{Arc, RwLock};"));
    assert!(!has_lock_of_std(
        "use parking_lot::Mutex;\nuse std::sync::Arc;"
    ));
    assert!(!has_lock_of_std("Arc<tokio::sync::Mutex<()>>"));
}
