//! Which types of columns can be carried from one database to another, and how.

use super::Holds;
use crate::Backend;

/// Returns how values of a column travel between these two types; `None` if they cannot. SQLite has
/// no booleans and no numbers of 32 bits, so the type on the server decides. Numbers of 64 bits are
/// not carried into 32.
pub(super) fn carried(
    (from, from_backend): (&str, Backend),
    (to, to_backend): (&str, Backend),
) -> Option<Holds> {
    let (from, to) = (class(from, from_backend)?, class(to, to_backend)?);
    let (file, server) = match (from_backend, to_backend) {
        (Backend::Sqlite, Backend::Postgres) => (from, to),
        (Backend::Postgres, Backend::Sqlite) => (to, from),
        _ => return (from == to).then_some(from),
    };
    let fits = match server {
        // A boolean in the file is a number there.
        Holds::Integer | Holds::Truth => {
            matches!(file, Holds::Integer | Holds::Truth)
        }
        Holds::Double => file == Holds::Double,
        Holds::Single => file == Holds::Double && from_backend == Backend::Postgres,
        Holds::Text | Holds::Bytes => file == server,
    };
    fits.then_some(server)
}

fn class(declared: &str, backend: Backend) -> Option<Holds> {
    match backend {
        Backend::Sqlite => in_file(declared),
        Backend::Postgres => on_server(declared),
    }
}

/// Follows SQLite's own rules for the affinity of a type, in lower case.
fn in_file(declared: &str) -> Option<Holds> {
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["int"]) {
        Some(Holds::Integer)
    } else if has(&["char", "clob", "text"]) {
        Some(Holds::Text)
    } else if has(&["blob", "bytea"]) {
        Some(Holds::Bytes)
    } else if has(&["real", "floa", "doub"]) {
        Some(Holds::Double)
    } else {
        has(&["bool"]).then_some(Holds::Truth)
    }
}

fn on_server(declared: &str) -> Option<Holds> {
    Some(match declared {
        "smallint" | "integer" | "bigint" => Holds::Integer,
        "text" | "character varying" => Holds::Text,
        "bytea" => Holds::Bytes,
        "boolean" => Holds::Truth,
        "double precision" => Holds::Double,
        "real" => Holds::Single,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::carried;
    use crate::Backend::{Postgres, Sqlite};
    use crate::transfer::Holds;

    #[test]
    fn the_type_on_the_server_says_what_a_column_holds() {
        for (file, server, holds) in [
            ("integer", "bigint", Holds::Integer),
            ("bigint", "smallint", Holds::Integer),
            ("boolean", "bigint", Holds::Integer),
            ("integer", "boolean", Holds::Truth),
            ("boolean", "boolean", Holds::Truth),
            ("text", "character varying", Holds::Text),
            ("blob", "bytea", Holds::Bytes),
            ("real", "double precision", Holds::Double),
        ] {
            let both = [
                carried((file, Sqlite), (server, Postgres)),
                carried((server, Postgres), (file, Sqlite)),
            ];
            assert_eq!(both, [Some(holds); 2], "{file} and {server}");
        }
    }

    #[test]
    fn a_number_is_not_carried_into_fewer_bits() {
        let single = carried(("real", Postgres), ("double", Sqlite));
        assert_eq!(single, Some(Holds::Single));
        assert_eq!(carried(("real", Sqlite), ("real", Postgres)), None);
    }

    #[test]
    fn what_has_no_equal_is_not_carried() {
        for (file, server) in [
            ("text", "timestamp with time zone"),
            ("text", "jsonb"),
            ("blob", "uuid"),
            ("text", "bigint"),
            ("integer", "text"),
            ("timestamp", "text"),
            ("", "text"),
            ("numeric", "numeric"),
            ("real", "bigint"),
        ] {
            assert_eq!(
                carried((file, Sqlite), (server, Postgres)),
                None,
                "{file} and {server}"
            );
        }
        assert_eq!(carried(("bigint", Postgres), ("text", Postgres)), None);
        assert_eq!(carried(("jsonb", Postgres), ("jsonb", Postgres)), None);
    }

    #[test]
    fn a_file_and_its_copy_have_the_same_types() {
        for (declared, holds) in [
            ("boolean", Holds::Truth),
            ("real", Holds::Double),
            ("text", Holds::Text),
        ] {
            let both = carried((declared, Sqlite), (declared, Sqlite));
            assert_eq!(both, Some(holds));
        }
    }
}
