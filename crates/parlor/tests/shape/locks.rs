//! Locks: those of `parking_lot`, which know no poisoning, and none that crates share. State has one
//! owner; other crates follow its facts.

use super::{crates, root};
use syn::visit::{self, Visit};
use syn::{Field, ImplItemFn, ItemFn, ItemType, Signature, TraitItemFn, Visibility};

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

/// The crates that talk to each other by requests and facts alone.
const SHARE_NOTHING: [&str; 6] = [
    "sessions",
    "rooms",
    "messaging",
    "analytics",
    "search",
    "gateway",
];
/// Where one crate could be handed a part of another.
const COMPOSITION_ROOT: &str = "parlor/src/app.rs";

#[test]
fn no_lock_is_shared_between_crates() {
    for krate in crates() {
        if !SHARE_NOTHING.contains(&krate.name.as_str()) {
            continue;
        }
        let src = root().join("crates").join(&krate.name).join("src");
        for (path, module) in &krate.modules {
            let text = std::fs::read_to_string(src.join(&module.file)).unwrap();
            let is_api = path.first().is_some_and(|first| first == "api");
            let found = if is_api {
                every_lock(&text)
            } else {
                public_locks(&text)
            };
            assert_eq!(found, [""; 0], "{}/{}", krate.name, module.file.display());
        }
    }
    let text = std::fs::read_to_string(root().join("crates").join(COMPOSITION_ROOT)).unwrap();
    assert_eq!(every_lock(&text), [""; 0], "{COMPOSITION_ROOT}");
}

/// Returns the locks, and what stands for one, that a file names anywhere.
fn every_lock(text: &str) -> Vec<String> {
    let mut found = LocksNamed::default();
    found.visit_file(&syn::parse_file(text).unwrap());
    found.0
}

/// Returns the locks that the public signatures, fields and aliases of a file name.
fn public_locks(text: &str) -> Vec<String> {
    let mut public = PublicFace::default();
    public.visit_file(&syn::parse_file(text).unwrap());
    public.0.0
}

#[derive(Default)]
struct LocksNamed(Vec<String>);

impl<'ast> Visit<'ast> for LocksNamed {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        let name = ident.to_string();
        let locks = [
            "Mutex",
            "RwLock",
            "Condvar",
            "ArcSwap",
            "Semaphore",
            "Notify",
            "watch",
        ];
        if locks.contains(&name.as_str()) || name.starts_with("Atomic") {
            self.0.push(name);
        }
    }
}

#[derive(Default)]
struct PublicFace(LocksNamed);

impl PublicFace {
    fn signature(&mut self, visibility: &Visibility, signature: &Signature) {
        if matches!(visibility, Visibility::Public(_)) {
            self.0.visit_signature(signature);
        }
    }
}

impl<'ast> Visit<'ast> for PublicFace {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.signature(&item.vis, &item.sig);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.signature(&item.vis, &item.sig);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.0.visit_signature(&item.sig);
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if matches!(field.vis, Visibility::Public(_)) {
            self.0.visit_type(&field.ty);
        }
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        if matches!(item.vis, Visibility::Public(_)) {
            visit::visit_item_type(&mut self.0, item);
        }
    }
}

#[test]
fn a_shared_lock_is_found_in_a_public_face_and_anywhere_in_an_api() {
    let private = "pub struct A { users: Arc<RwLock<Users>> } fn b(_: &Mutex<u8>) {}";
    assert_eq!(public_locks(private), [""; 0]);
    assert_eq!(every_lock(private), ["RwLock", "Mutex"]);
    let handed_over =
        "impl A { pub fn new(users: Arc<parking_lot::RwLock<Users>>) -> Self { Self } }";
    assert_eq!(public_locks(handed_over), ["RwLock"]);
    assert_eq!(
        public_locks("pub struct A { pub count: Arc<AtomicU64> }"),
        ["AtomicU64"]
    );
    assert_eq!(public_locks("pub type Users = Arc<Mutex<()>>;"), ["Mutex"]);
}
