//! How far a copy is, kept in the target itself.

use super::copied_table::CopiedTable;
use crate::backend::postgres::quoted;
use serde_json::{Value, json};

/// The key in `storage_meta` of a target that is not finished.
pub(super) const UNFINISHED: &str = "unfinished_copy";

/// Which rows the target has: those of all tables before `table`, and of `table` those up to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CopyState {
    source: String,
    table: Option<String>,
    after: Option<String>,
    /// The names of the tables that come after `table`.
    to_come: Vec<String>,
}

/// How far the copy of one table is.
pub(super) enum CopyPosition {
    /// Before the first row.
    Start,
    /// After the row with this key.
    After(String),
    /// After its last row.
    End,
}

impl CopyState {
    /// Writes the state, `$1`, into the target.
    pub(super) const REMEMBER: &str = "INSERT INTO storage_meta (key, value)
        VALUES ('unfinished_copy', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

    /// Returns the state that is kept in a target; `None` if that is a copy of another source.
    pub(super) fn parse(kept: &str, source: &str, tables: &[CopiedTable]) -> Option<Self> {
        let kept: Value = serde_json::from_str(kept).unwrap_or_default();
        if kept["source"] != source {
            return None;
        }
        let at = tables
            .iter()
            .position(|table| kept["table"] == table.name.as_str())?;
        Some(Self {
            source: source.to_owned(),
            table: Some(tables[at].name.clone()),
            after: kept["after"].as_str().map(str::to_owned),
            to_come: names(&tables[at + 1..]),
        })
    }

    /// Returns the statement that marks a new target as unfinished, so that a repeated copy knows
    /// that it has no rows but those of its migrations.
    pub(super) fn mark_new(source: &str) -> String {
        let state = quoted(&Self::before(source, &[]).json());
        format!("INSERT INTO storage_meta (key, value) VALUES ('{UNFINISHED}', '{state}')")
    }

    /// Whether the state that is kept in a target is that of a copy with rows.
    pub(super) fn has_begun(kept: &str) -> bool {
        let kept: Value = serde_json::from_str(kept).unwrap_or_default();
        !kept["table"].is_null() || kept["source"].is_null()
    }

    /// Returns the state of a copy that has not begun.
    pub(super) fn before(source: &str, tables: &[CopiedTable]) -> Self {
        Self {
            source: source.to_owned(),
            table: None,
            after: None,
            to_come: names(tables),
        }
    }

    /// Returns the state once the rows of this table up to a key are copied.
    pub(super) fn after(source: &str, table: &CopiedTable, key: &str) -> Self {
        Self {
            source: source.to_owned(),
            table: Some(table.name.clone()),
            after: Some(key.to_owned()),
            to_come: Vec::new(),
        }
    }

    /// Returns where to continue in a table.
    pub(super) fn place_in(&self, table: &CopiedTable) -> CopyPosition {
        if self.table.as_ref() == Some(&table.name) {
            return self
                .after
                .clone()
                .map_or(CopyPosition::Start, CopyPosition::After);
        }
        if self.to_come.contains(&table.name) {
            return CopyPosition::Start;
        }
        CopyPosition::End
    }

    pub(super) fn json(&self) -> String {
        let (source, table, after) = (&self.source, &self.table, &self.after);
        json!({ "source": source, "table": table, "after": after }).to_string()
    }
}

fn names(tables: &[CopiedTable]) -> Vec<String> {
    tables.iter().map(|table| table.name.clone()).collect()
}
