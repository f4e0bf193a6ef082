//! A free name like one that is taken.

use crate::api::Refusal;
use crate::name::Name;
use crate::store::users;
use storage::prelude::*;

/// How far `-2`, `-3`, … goes.
const SUFFIX_MAX: u32 = 99;

/// The first of `alice-2`, `alice-3`, … that nobody has.
pub(super) async fn free_name(
    access: &mut impl Access,
    taken: &Name,
) -> Result<Option<Name>, Fault> {
    let spares: Vec<Name> = (2..=SUFFIX_MAX)
        .filter_map(|n| taken.with_suffix(n))
        .collect();
    let keys: Vec<&str> = spares.iter().map(Name::key).collect();
    let taken = users::taken_keys(access, &keys).await?;
    Ok(spares
        .into_iter()
        .find(|spare| !taken.contains(spare.key())))
}

/// What someone is told whose name is taken.
pub(super) async fn name_taken(access: &mut impl Access, taken: &Name) -> Result<Refusal, Fault> {
    let spare = free_name(access, taken).await?;
    Ok(Refusal::NameTaken {
        suggest: spare.map(|name| name.text().to_owned()),
    })
}
