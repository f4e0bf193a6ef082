//! What a table contains, in figures that can be compared: per group the number of rows, and a
//! checksum of them that does not depend on their order.

use super::endpoint::Endpoint;
use super::{CopiedTable, TransferError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The sums of one table, by group.
pub(super) struct Sums(BTreeMap<String, Sum>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    rows: u64,
    checksum: u64,
}

/// Reads a table from its first row to its last; calls `read` with the number of rows of each page.
pub(super) fn of(
    endpoint: &mut Endpoint,
    table: &CopiedTable,
    rows: usize,
    read: impl Fn(u64),
) -> Result<Sums, TransferError> {
    let group = table.group.map(|column| table.position(column));
    let (mut sums, mut after) = (BTreeMap::new(), None);
    loop {
        let page = endpoint.page(table, after.as_deref(), rows)?;
        for row in page.rows() {
            add(&mut sums, row, group).map_err(|error| TransferError::Bug(error.to_string()))?;
        }
        read(page.len() as u64);
        match page.last_key() {
            Some(key) if page.len() == rows => after = Some(key.to_owned()),
            _ => return Ok(Sums(sums)),
        }
    }
}

/// Parses the row first: the databases format JSON differently.
fn add(
    sums: &mut BTreeMap<String, Sum>,
    row: &str,
    group: Option<usize>,
) -> Result<(), serde_json::Error> {
    let row: Vec<Value> = serde_json::from_str(row)?;
    let group = group.map_or_else(String::new, |at| row[at].to_string());
    let mut hasher = DefaultHasher::new();
    Value::Array(row).to_string().hash(&mut hasher);
    let sum = sums.entry(group).or_default();
    sum.rows += 1;
    sum.checksum = sum.checksum.wrapping_add(hasher.finish());
    Ok(())
}

impl Sums {
    pub(super) fn rows(&self) -> u64 {
        self.0.values().map(|sum| sum.rows).sum()
    }

    pub(super) fn groups(&self) -> usize {
        self.0.len()
    }

    /// Fails with the first group that differs.
    pub(super) fn same_as(&self, found: &Self, table: &CopiedTable) -> Result<(), TransferError> {
        let groups = self.0.keys().chain(found.0.keys());
        for group in groups {
            let (wanted, found) = (self.0.get(group), found.0.get(group));
            if wanted != found {
                let group = match table.group {
                    Some(column) => format!(" where {column} is {group}"),
                    None => String::new(),
                };
                let table = table.name;
                return Err(TransferError::Differs { table, group });
            }
        }
        Ok(())
    }
}
