//! Macros that run one text of a query on both databases.

/// Runs one diesel query on an [`crate::Access`]: `query!(access, |c|
/// rooms::table.load::<Row>(c))`. The body is type-checked once per backend; it evaluates to
/// diesel's `QueryResult`.
#[macro_export]
macro_rules! query {
    ($access:expr, |$c:ident| $body:expr) => {
        match $crate::Access::connection($access) {
            $crate::Connection::Sqlite($c) => {
                use $crate::reexport::diesel::RunQueryDsl as _;
                $body
            }
            $crate::Connection::Postgres($c) => {
                use $crate::reexport::diesel_async::RunQueryDsl as _;
                $body.await
            }
        }
    };
}

/// Runs one diesel statement that writes; takes only a [`crate::Writer`].
#[macro_export]
macro_rules! statement {
    ($writer:expr, |$c:ident| $body:expr) => {
        match $crate::Writer::writable($writer) {
            $crate::Connection::Sqlite($c) => {
                use $crate::reexport::diesel::RunQueryDsl as _;
                $body
            }
            $crate::Connection::Postgres($c) => {
                use $crate::reexport::diesel_async::RunQueryDsl as _;
                $body.await
            }
        }
    };
}

/// Declares a table of `core` once: diesel's DSL for it, and a constant that says how `parlor copy`
/// takes it along. Columns after `untyped` are in the schema, but not in diesel's DSL.
///
/// ```
/// storage::stored_table! {
///     NOTES = notes (room_id, seq) grouped by room_id {
///         room_id -> BigInt,
///         seq -> BigInt,
///         body -> Nullable<Text>,
///     }
/// }
/// assert_eq!(NOTES.name, "notes");
/// assert_eq!(NOTES.columns.len(), 3);
/// ```
#[macro_export]
macro_rules! stored_table {
    (
        $constant:ident = $table:ident ($($key:ident),+)
        $(grouped by $group:ident)? $(numbered by $numbered:ident)?
        { $($column:ident -> $sql_type:ty,)+ }
        $(untyped { $($untyped:ident -> $untyped_type:ty,)+ })?
    ) => {
        $crate::reexport::diesel::table! {
            $table ($($key),+) {
                $($column -> $sql_type,)+
            }
        }

        /// How the table is copied.
        pub(crate) const $constant: $crate::transfer::KnownTable = {
            #[expect(unused_imports, reason = "no table has columns of all types")]
            use $crate::reexport::diesel::sql_types::{
                BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text,
            };
            $crate::transfer::KnownTable {
                name: stringify!($table),
                columns: &[
                    $($crate::transfer::Column {
                        name: stringify!($column),
                        holds: <$sql_type as $crate::transfer::Stored>::HOLDS,
                    },)+
                    $($($crate::transfer::Column {
                        name: stringify!($untyped),
                        holds: <$untyped_type as $crate::transfer::Stored>::HOLDS,
                    },)+)?
                ],
                key: &[$(stringify!($key)),+],
                group: $crate::optional_name!($($group)?),
                numbered: $crate::optional_name!($($numbered)?),
            }
        };
    };
}

/// The name of an identifier, if there is one.
#[doc(hidden)]
#[macro_export]
macro_rules! optional_name {
    () => {
        None
    };
    ($name:ident) => {
        Some(stringify!($name))
    };
}
