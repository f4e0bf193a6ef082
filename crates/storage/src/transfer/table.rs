//! The list of what to copy.

use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

/// What a column contains; each kind has one form in JSON that both databases read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A whole number; a number in JSON.
    Integer,
    /// Text; a string in JSON.
    Text,
    /// Bytes; a string of hexadecimal digits in JSON.
    Bytes,
    /// A boolean; 0 or 1 in JSON.
    Truth,
    /// A floating-point number of 64 bits; a string in JSON, whose numbers SQLite rounds.
    Double,
    /// A floating-point number of 32 bits; a string in JSON.
    Single,
}

/// The SQL types that a column of [`crate::stored_table!`] may have.
pub trait Stored {
    /// The kind of its values.
    const HOLDS: Holds;
}

macro_rules! stored {
    ($($sql_type:ty => $holds:ident,)+) => {
        $(impl Stored for $sql_type {
            const HOLDS: Holds = Holds::$holds;
        })+
    };
}

stored! {
    BigInt => Integer,
    Integer => Integer,
    SmallInt => Integer,
    Text => Text,
    Binary => Bytes,
    Bool => Truth,
}

impl<T: Stored + diesel::sql_types::SqlType> Stored for Nullable<T> {
    const HOLDS: Holds = T::HOLDS;
}

/// One column of a table to copy.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in both schemas.
    pub name: &'static str,
    /// The kind of its values.
    pub holds: Holds,
}

/// One table to copy, the same in both schemas.
#[derive(Debug, Clone, Copy)]
pub struct KnownTable {
    /// The name in both schemas.
    pub name: &'static str,
    /// All columns, in any order.
    pub columns: &'static [Column],
    /// Columns that together are unique and never NULL: rows are read in their order.
    pub key: &'static [&'static str],
    /// The column whose values are counted and compared one by one, such as a room's id.
    pub group: Option<&'static str>,
    /// The column that the database numbers by itself.
    pub numbered: Option<&'static str>,
}
