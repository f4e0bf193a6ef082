//! A PostgreSQL schema of a database's own, inside a database that has other tables too.
//!
//! The `search_path` of each of its connections is exactly this schema, so none of its statements
//! can hit a table of anyone else by accident. PostgreSQL itself puts only its own catalog and the
//! session's temporary tables before it.

use crate::backend::identifier;

/// The longest name.
const NAME_MAX: usize = 24;

/// Schemas that PostgreSQL has for everyone.
const SHARED: [&str; 2] = ["public", "information_schema"];

/// Returns what is wrong with the name of a schema; `None` if a database may have it for itself.
pub(super) fn problem(name: &str) -> Option<String> {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|first| first.is_ascii_lowercase());
    let goes_on = bytes.all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit());
    if !(begins && goes_on && name.len() <= NAME_MAX) {
        return Some(format!(
            "its schema is called {name:?}; expected a name of at most {NAME_MAX} characters: a-z, \
             then a-z, 0-9 and _"
        ));
    }
    if SHARED.contains(&name) || name.starts_with("pg_") {
        return Some(format!(
            "its schema is called {name}, and PostgreSQL keeps that name for itself"
        ));
    }
    None
}

/// Returns the statement that makes a session work in this schema, whether it exists yet or not.
pub(super) fn enter(name: &str) -> String {
    format!("SET search_path = {}", identifier(name))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn a_schema_has_a_plain_name_that_is_nobody_elses() {
        let longest = "a".repeat(24);
        for good in ["karma", "a", "order", "x_1", "pgx", &longest] {
            assert_eq!(problem(good), None, "{good}");
        }
        let too_long = "a".repeat(25);
        for bad in [
            "", "Karma", "1st", "_x", "a-b", "a b", "a\"b", "ä", "a.b", &too_long,
        ] {
            assert!(problem(bad).is_some(), "{bad}");
        }
        for shared in ["public", "information_schema", "pg_temp", "pg_catalog"] {
            assert!(problem(shared).is_some(), "{shared}");
        }
    }
}
