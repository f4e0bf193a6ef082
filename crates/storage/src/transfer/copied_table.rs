//! A table that is being copied, however it became known.

use super::table::{Holds, KnownTable};

/// One table to copy, the same in both schemas.
#[derive(Debug, Clone)]
pub(super) struct CopiedTable {
    pub(super) name: String,
    pub(super) columns: Vec<CopiedColumn>,
    /// Columns that together are unique and never NULL: rows are read in their order.
    pub(super) key: Vec<String>,
    /// The column whose values are counted and compared one by one.
    pub(super) group: Option<String>,
    /// The columns that the database numbers by itself.
    pub(super) numbered: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct CopiedColumn {
    pub(super) name: String,
    pub(super) holds: Holds,
}

impl CopiedTable {
    /// Returns the index of a column.
    ///
    /// # Panics
    /// If the table has no such column: the list is wrong.
    pub(super) fn position(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|c| c.name == column);
        found.expect("a key is made of the table's columns")
    }

    /// Returns the columns of the key, in its order.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &CopiedColumn> {
        self.key
            .iter()
            .map(|name| &self.columns[self.position(name)])
    }
}

impl From<&KnownTable> for CopiedTable {
    fn from(table: &KnownTable) -> Self {
        let columns = table.columns.iter().map(|column| CopiedColumn {
            name: column.name.to_owned(),
            holds: column.holds,
        });
        Self {
            name: table.name.to_owned(),
            columns: columns.collect(),
            key: table.key.iter().map(|&name| name.to_owned()).collect(),
            group: table.group.map(str::to_owned),
            numbered: table.numbered.iter().map(|&one| one.to_owned()).collect(),
        }
    }
}
