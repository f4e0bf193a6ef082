//! The tables that a database has, as it describes them itself.

use super::TransferError;
use super::endpoint::Endpoint;
use crate::Backend;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Tables that storage keeps for itself. What they say is true of one store alone.
const OWN: [&str; 2] = ["storage_meta", "__diesel_schema_migrations"];

/// Each row has the table, its kind, a column, its type, its place in the primary key (0: none),
/// and who numbers it (0: nobody, 1: a sequence of its own, 2: another sequence). Columns that are computed from others are left out.
const SQLITE_COLUMNS: &str = "SELECT json_array(lower(l.name), iif(l.type = 'table', 'table',
        l.type || ' table'), lower(c.name), lower(c.type), c.pk, 0) AS line
    FROM pragma_table_list AS l JOIN pragma_table_xinfo(l.name) AS c
    WHERE l.schema = 'main' AND l.type <> 'view' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND c.hidden = 0
    ORDER BY l.name, c.cid";

const POSTGRES_COLUMNS: &str = "SELECT json_build_array(c.relname, CASE c.relkind
            WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'm' THEN 'materialized view'
            ELSE 'foreign table' END, a.attname, format_type(a.atttypid, NULL),
        coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0),
        CASE WHEN pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%' AND NOT EXISTS (
                SELECT FROM pg_depend AS p WHERE p.classid = 'pg_attrdef'::regclass
                    AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass AND p.refobjid =
                        pg_get_serial_sequence(quote_ident(c.relname), a.attname)::regclass)
            THEN 2 ELSE
            (pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL)::int
            END)::text AS line
    FROM pg_class AS c JOIN pg_attribute AS a
        ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))
        AND c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
    ORDER BY c.relname, a.attnum";

/// Each row has a table, and one that it refers to.
const SQLITE_REFERENCES: &str = "SELECT json_array(lower(l.name), lower(f.\"table\")) AS line
    FROM pragma_table_list AS l JOIN pragma_foreign_key_list(l.name) AS f
    WHERE l.schema = 'main' AND l.type = 'table'";

const POSTGRES_REFERENCES: &str = "SELECT json_build_array(c.relname, t.relname)::text AS line
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_class AS t ON t.oid = k.confrelid
    WHERE k.contype = 'f' AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))";

/// Each row has a table, and a trigger on it.
const SQLITE_TRIGGERS: &str = "SELECT json_array(lower(tbl_name), name) AS line
    FROM sqlite_schema WHERE type = 'trigger'";

const POSTGRES_TRIGGERS: &str = "SELECT json_build_array(c.relname, t.tgname)::text AS line
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))";

/// All tables of a database except storage's own, by name. SQLite ignores the case of names, so
/// its names are in lower case, as PostgreSQL keeps them.
pub(super) type Catalog = BTreeMap<String, FoundTable>;

/// A table, as its database describes it.
#[derive(Debug, Default)]
pub(super) struct FoundTable {
    /// `table`, or what else it is.
    pub(super) kind: String,
    pub(super) columns: BTreeMap<String, FoundColumn>,
    /// The columns of the primary key, in its order.
    pub(super) key: Vec<String>,
}

/// A column of it.
#[derive(Debug)]
pub(super) struct FoundColumn {
    /// Its type as the database writes it.
    pub(super) declared: String,
    pub(super) numbering: Numbering,
}

/// Whether a database numbers a column by itself, so that it must be told where to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    None,
    /// By a sequence that belongs to the column.
    Own,
    /// By a sequence that does not belong to it; others may use it too.
    Foreign,
}

/// A line of the list of columns.
type ColumnLine = (String, String, String, String, usize, i64);

impl Endpoint {
    pub(super) fn catalog(&mut self) -> Result<Catalog, TransferError> {
        let lines: Vec<ColumnLine> = self.parsed(SQLITE_COLUMNS, POSTGRES_COLUMNS)?;
        let mut catalog = Catalog::new();
        let mut keys = BTreeMap::<String, BTreeMap<usize, String>>::new();
        for (table, kind, column, declared, place, numbered) in lines {
            if OWN.contains(&table.as_str()) {
                continue;
            }
            if place > 0 {
                let key = keys.entry(table.clone()).or_default();
                key.insert(place, column.clone());
            }
            let found = catalog.entry(table).or_default();
            let numbering = match numbered {
                0 => Numbering::None,
                1 => Numbering::Own,
                _ => Numbering::Foreign,
            };
            found.kind = kind;
            let described = FoundColumn {
                declared,
                numbering,
            };
            found.columns.insert(column, described);
        }
        for (table, found) in &mut catalog {
            let key = keys.remove(table).unwrap_or_default();
            found.key = key.into_values().collect();
        }
        Ok(catalog)
    }

    /// Returns which table refers to which.
    pub(super) fn references(&mut self) -> Result<Vec<(String, String)>, TransferError> {
        self.parsed(SQLITE_REFERENCES, POSTGRES_REFERENCES)
    }

    /// Returns the tables with triggers, and these.
    pub(super) fn triggers(&mut self) -> Result<Vec<(String, String)>, TransferError> {
        self.parsed(SQLITE_TRIGGERS, POSTGRES_TRIGGERS)
    }

    fn parsed<T: DeserializeOwned>(
        &mut self,
        sqlite: &str,
        postgres: &str,
    ) -> Result<Vec<T>, TransferError> {
        let query = match self.backend() {
            Backend::Sqlite => sqlite,
            Backend::Postgres => postgres,
        };
        let lines = self.lines(query).map_err(TransferError::of_state)?;
        let parsed = lines.iter().map(|line| serde_json::from_str(line));
        let parsed: Result<Vec<T>, serde_json::Error> = parsed.collect();
        parsed.map_err(|error| TransferError::Bug(error.to_string()))
    }
}
