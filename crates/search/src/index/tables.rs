//! The tables. The migrations document the columns.

use storage::prelude::*;

table! {
    messages (id) {
        id -> BigInt,
        room_id -> BigInt,
        seq -> BigInt,
        author -> Binary,
    }
}

// Only on SQLite: without texts, it takes whole rows and gives none.
table! {
    words (rowid) {
        rowid -> BigInt,
        body -> Text,
    }
}
