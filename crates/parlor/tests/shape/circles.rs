//! Files that use each other in a circle can only be understood together.

use super::{crates, krate::Krate};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Files that may need each other: a state machine and its parts.
const LARGEST: usize = 5;

#[test]
fn no_circle_of_files_is_larger_than_five() {
    let mut largest = 0;
    for krate in crates() {
        for circle in circles(&krate) {
            largest = largest.max(circle.len());
            println!("{}: {circle:?}", krate.name);
        }
    }
    println!("largest circle of files: {largest}");
    assert!(largest <= LARGEST, "a circle of {largest} files, see above");
}

/// Returns the circles: in each set, every file reaches all others.
fn circles(krate: &Krate) -> Vec<BTreeSet<&Path>> {
    let uses = krate.file_uses();
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = uses
        .keys()
        .map(|file| (*file, reach(file, &uses)))
        .collect();
    let mut circles = BTreeSet::new();
    for (file, others) in &reached {
        let circle = others
            .iter()
            .filter(|other| reached[**other].contains(file));
        let circle: BTreeSet<&Path> = circle.copied().collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn reach<'a>(from: &Path, uses: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&'a Path> = uses[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(uses.get(file).into_iter().flatten().copied());
        }
    }
    reached
}
