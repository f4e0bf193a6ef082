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
            let of_std = [
                "PoisonError",
                "sync::Mutex",
                "sync::RwLock",
                "sync::Condvar",
            ];
            let of_std = of_std.iter().find(|name| {
                text.lines()
                    .any(|line| line.contains(**name) && !line.contains("tokio"))
            });
            assert!(
                of_std.is_none() || krate.name == LOAD_GENERATOR,
                "{}: {of_std:?}",
                module.file.display()
            );
        }
    }
}
