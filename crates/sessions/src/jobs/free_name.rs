//! Finds a free name similar to a taken one.

use crate::api::Refusal;
use crate::name::Name;
use crate::store::users;
use storage::prelude::*;

/// The highest suffix tried.
const SUFFIX_MAX: u32 = 99;

/// Returns the first of `alice-2`, `alice-3`, … that is free.
pub(super) async fn free_name(
    access: &mut impl Access,
    taken: &Name,
) -> Result<Option<Name>, Fault> {
    let candidates: Vec<Name> = (2..=SUFFIX_MAX)
        .filter_map(|n| taken.with_suffix(n))
        .collect();
    let keys: Vec<&str> = candidates.iter().map(Name::key).collect();
    let taken = users::taken_keys(access, &keys).await?;
    Ok(candidates
        .into_iter()
        .find(|candidate| !taken.contains(candidate.key())))
}

/// Returns the refusal for a taken name, with a suggestion.
pub(super) async fn name_taken(access: &mut impl Access, taken: &Name) -> Result<Refusal, Fault> {
    let free = free_name(access, taken).await?;
    Ok(Refusal::NameTaken {
        suggest: free.map(|name| name.text().to_owned()),
    })
}
