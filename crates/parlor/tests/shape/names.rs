//! One word, one meaning: no type name stands twice in a crate, and no public one in two crates.

use super::crates;
use super::krate::Krate;
use std::collections::{BTreeMap, BTreeSet};

/// What every crate has one of, and calls so: its settings, what it is built from, how it declines,
/// what answers its reads. And what every scenario of the load generator has.
const ONE_EACH: [&str; 4] = ["Settings", "Deps", "Refusal", "Queries"];
/// The words of the face of extensions, for which the gateway and the bus have the same words: a team sees
/// only the former.
const OF_EXTENSIONS: [&str; 3] = ["Command", "Cost", "Task"];
const OF_SCENARIOS: [&str; 2] = ["Options", "Report"];

#[test]
fn no_type_name_stands_twice_in_a_crate() {
    let mut twice = Vec::new();
    for krate in crates() {
        let mut files = BTreeMap::<&str, Vec<String>>::new();
        for module in krate.modules.values() {
            for name in module.types.keys() {
                let file = module.file.display().to_string();
                files.entry(name).or_default().push(file);
            }
        }
        files.retain(|name, files| files.len() > 1 && !OF_SCENARIOS.contains(name));
        let files = files.into_iter();
        twice.extend(files.map(|(name, files)| format!("{}: {name} in {files:?}", krate.name)));
    }
    println!("type names that stand twice in a crate: {}", twice.len());
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn no_public_type_name_stands_in_two_crates() {
    let mut crates_of = BTreeMap::<String, Vec<String>>::new();
    for krate in crates() {
        for name in public_types(&krate) {
            crates_of.entry(name).or_default().push(krate.name.clone());
        }
    }
    crates_of.retain(|name, crates| {
        let meant = ONE_EACH.iter().chain(&OF_EXTENSIONS);
        crates.len() > 1 && !meant.into_iter().any(|meant| meant == name)
    });
    println!(
        "public type names that stand in two crates: {}",
        crates_of.len()
    );
    assert!(crates_of.is_empty(), "{crates_of:#?}");
}

/// The types of a crate that others can name. A re-export of another crate's type is not counted.
fn public_types(krate: &Krate) -> BTreeSet<String> {
    let defined = krate.modules.values().flat_map(|module| &module.types);
    let defined: BTreeSet<&str> = defined
        .filter(|(_, is_public)| **is_public)
        .map(|(name, _)| name.as_str())
        .collect();
    let mut public = BTreeSet::new();
    for (path, module) in &krate.modules {
        let all_public = (1..=path.len()).all(|depth| krate.modules[&path[..depth]].is_public);
        if !all_public {
            continue;
        }
        let types = module.types.iter().filter(|(_, is_public)| **is_public);
        public.extend(types.map(|(name, _)| name.clone()));
        for (name, (from, is_public)) in &module.exports {
            let is_own = from[0] == "crate" || {
                let mut below = path.clone();
                below.push(from[0].clone());
                krate.modules.contains_key(&below)
            };
            if *is_public && is_own && defined.contains(name.as_str()) {
                public.insert(name.clone());
            }
        }
    }
    public
}
