//! The tables to copy of a database that is not core: what its migrations create, as both ends
//! describe it. Whatever cannot be copied truly is refused by its name, before anything is written.

use super::carried::carried;
use super::catalog::{Catalog, FoundTable};
use super::copied_table::{CopiedColumn, CopiedTable};
use super::endpoint::Endpoint;
use super::{Holds, TransferError};
use crate::Backend;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the tables of both ends, each after those that it refers to. `own` are the tables that
/// the migrations create, as SQLite knows them.
pub(super) fn discover(
    from: &mut Endpoint,
    to: &mut Endpoint,
    own: &BTreeSet<String>,
) -> Result<Vec<CopiedTable>, TransferError> {
    let (source, target) = (from.catalog()?, to.catalog()?);
    refuse_others(&source, &target, own)?;
    refuse_triggers(to)?;
    let backends = (from.backend(), to.backend());
    let mut tables = BTreeMap::new();
    for (name, found) in &source {
        let table = matched(name, (found, backends.0), (&target[name], backends.1))?;
        refuse_nulls(from, &table)?;
        refuse_nan(from, to.backend(), &table)?;
        tables.insert(name.clone(), table);
    }
    in_order(tables, &to.references()?)
}

/// Fails if a table is not in both ends, or none that the migrations create.
fn refuse_others(
    source: &Catalog,
    target: &Catalog,
    own: &BTreeSet<String>,
) -> Result<(), TransferError> {
    let own: BTreeSet<String> = own.iter().map(|name| name.to_lowercase()).collect();
    for name in source.keys().chain(target.keys()) {
        if !(source.contains_key(name) && target.contains_key(name)) {
            return Err(TransferError::unfit(name, "only one of the two has it"));
        }
        if !own.contains(&name.to_lowercase()) {
            return Err(TransferError::unfit(
                name,
                "its migrations do not create it",
            ));
        }
    }
    Ok(())
}

/// Fails if the target has triggers: they would change what is copied, and twice.
fn refuse_triggers(to: &mut Endpoint) -> Result<(), TransferError> {
    match to.triggers()?.first() {
        None => Ok(()),
        Some((table, trigger)) => Err(TransferError::unfit(
            table,
            &format!("it has the trigger {trigger}"),
        )),
    }
}

/// Returns the table if both ends have the same.
fn matched(
    name: &str,
    (source, source_backend): (&FoundTable, Backend),
    (target, target_backend): (&FoundTable, Backend),
) -> Result<CopiedTable, TransferError> {
    let unfit = |why: &str| TransferError::unfit(name, why);
    for kind in [&source.kind, &target.kind] {
        if kind != "table" {
            return Err(unfit(&format!("it is a {kind}")));
        }
    }
    if source.key.is_empty() {
        return Err(unfit("it has no primary key"));
    }
    if source.key != target.key {
        return Err(unfit("its primary keys differ"));
    }
    let names = source.columns.keys().chain(target.columns.keys());
    let mut columns = Vec::new();
    for column in names.collect::<BTreeSet<_>>() {
        let (Some(from), Some(to)) = (source.columns.get(column), target.columns.get(column))
        else {
            return Err(unfit(&format!(
                "only one of the two has the column {column}"
            )));
        };
        let types = (from.declared.as_str(), to.declared.as_str());
        let holds = carried((types.0, source_backend), (types.1, target_backend));
        let holds = holds.ok_or_else(|| {
            if (source_backend, target_backend, types.1)
                == (Backend::Sqlite, Backend::Postgres, "real")
            {
                return unfit(&format!(
                    "its column {column} is real, which has 32 bits on PostgreSQL: make it double \
                     precision, as numbers in SQLite are"
                ));
            }
            let types = if types.0 == types.1 {
                types.0.to_owned()
            } else {
                format!("{} in one and {} in the other", types.0, types.1)
            };
            unfit(&format!("its column {column} is of type {types}"))
        })?;
        let name = column.clone();
        columns.push(CopiedColumn { name, holds });
    }
    let numbered = target.columns.iter().find(|(_, column)| column.numbered);
    Ok(CopiedTable {
        name: name.to_owned(),
        columns,
        key: source.key.clone(),
        group: None,
        numbered: numbered.map(|(column, _)| column.clone()),
    })
}

/// Fails if a row has no complete key, which SQLite allows: it would be left behind.
fn refuse_nulls(from: &mut Endpoint, table: &CopiedTable) -> Result<(), TransferError> {
    if from.rows_without_key(table)? == 0 {
        return Ok(());
    }
    Err(TransferError::unfit(
        &table.name,
        "it has rows whose primary key is NULL",
    ))
}

/// Fails if a number is NaN and the target is SQLite, which has none.
fn refuse_nan(from: &mut Endpoint, to: Backend, table: &CopiedTable) -> Result<(), TransferError> {
    if (from.backend(), to) != (Backend::Postgres, Backend::Sqlite) {
        return Ok(());
    }
    for column in &table.columns {
        if matches!(column.holds, Holds::Double | Holds::Single)
            && from.rows_with_nan(table, column)? > 0
        {
            let why = format!(
                "its column {} has NaN, which SQLite cannot keep",
                column.name
            );
            return Err(TransferError::unfit(&table.name, &why));
        }
    }
    Ok(())
}

/// Returns the tables in an order in which each comes after those that it refers to.
fn in_order(
    mut tables: BTreeMap<String, CopiedTable>,
    references: &[(String, String)],
) -> Result<Vec<CopiedTable>, TransferError> {
    let mut ordered = Vec::new();
    while !tables.is_empty() {
        let waits = |name: &String| {
            let mut of = references.iter().filter(|(from, _)| from == name);
            of.any(|(_, to)| tables.contains_key(to))
        };
        let Some(next) = tables.keys().find(|name| !waits(name)).cloned() else {
            let circle: Vec<_> = tables.keys().map(String::as_str).collect();
            return Err(TransferError::unfit(
                &circle.join(", "),
                "its foreign keys lead in a circle, so no row can come first",
            ));
        };
        ordered.extend(tables.remove(&next));
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::transfer::copied_table::CopiedTable;
    use std::collections::BTreeMap;

    fn ordered(references: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let table = |name: &str| CopiedTable {
            name: name.to_owned(),
            columns: Vec::new(),
            key: Vec::new(),
            group: None,
            numbered: None,
        };
        let tables = ["a", "b", "c"].map(|name| (name.to_owned(), table(name)));
        let references: Vec<_> = references
            .iter()
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect();
        let ordered = in_order(BTreeMap::from(tables), &references);
        let ordered = ordered.map_err(|error| error.to_string())?;
        Ok(ordered.into_iter().map(|table| table.name).collect())
    }

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        assert_eq!(ordered(&[]).unwrap(), ["a", "b", "c"]);
        assert_eq!(ordered(&[("a", "b"), ("b", "c")]).unwrap(), ["c", "b", "a"]);
        assert_eq!(ordered(&[("a", "elsewhere")]).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn a_circle_of_references_is_refused_by_name() {
        for circle in [&[("a", "a")][..], &[("b", "c"), ("c", "b")]] {
            let problem = ordered(circle).unwrap_err();
            assert!(problem.contains(circle[0].0), "{problem}");
            assert!(problem.contains("circle"), "{problem}");
        }
    }
}
