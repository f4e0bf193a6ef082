//! Names in SQL.

/// Returns a name as an SQL identifier, for either backend: also one that is a keyword.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
