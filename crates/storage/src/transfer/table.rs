//! What is to be copied, as a list.

/// What a column holds; each has one form in JSON that both databases read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// Bytes; hexadecimal digits in JSON.
    Bytes,
    /// A truth; 0 or 1 in JSON.
    Truth,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// All columns.
    pub columns: &'static [Column],
    /// Columns that together are unique and never NULL: rows are read in their order.
    pub key: &'static [&'static str],
    /// The column whose values are counted and compared one by one, such as a room's id.
    pub group: Option<&'static str>,
    /// The column that the database numbers by itself.
    pub numbered: Option<&'static str>,
}

impl Table {
    /// Where a column stands.
    ///
    /// # Panics
    /// When the table has no such column: the list is wrong.
    pub(super) fn position(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|c| c.name == column);
        found.expect("a key is made of the table's columns")
    }

    /// The columns of the key, in its order.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key
            .iter()
            .map(|name| &self.columns[self.position(name)])
    }
}
