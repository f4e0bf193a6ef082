//! The tables and columns of `core`, referenced tables before those that refer to them. The schema
//! itself is in the migrations; a copy refuses to start if this list does not match it.

use storage::transfer::{Column, Holds, Table};

/// All tables of `core`, in the order in which a copy fills them.
pub(crate) const CORE_TABLES: &[Table] = &[
    Table {
        name: "users",
        columns: &[
            bytes("id"),
            text("name"),
            text("name_key"),
            truth("guest"),
            text("password_hash"),
            text("issuer"),
            text("subject"),
            truth("admin"),
            integer("created_at"),
            integer("seen_at"),
            integer("ended_at"),
        ],
        key: &["id"],
        group: None,
        numbered: None,
    },
    Table {
        name: "sessions",
        columns: &[
            bytes("id"),
            bytes("user_id"),
            bytes("token_hash"),
            text("device"),
            integer("created_at"),
            integer("seen_at"),
            integer("expires_at"),
            integer("connected_at"),
            integer("ended_at"),
        ],
        key: &["id"],
        group: None,
        numbered: None,
    },
    Table {
        name: "rooms",
        columns: &[
            integer("id"),
            text("key"),
            text("title"),
            text("topic"),
            integer("kind"),
            integer("history"),
            integer("head"),
            integer("head_at"),
            integer("settled"),
            bytes("pair_low"),
            bytes("pair_high"),
            bytes("creator"),
            text("cid"),
            bytes("made_of"),
            integer("created_at"),
            integer("kept_from"),
            integer("member_count"),
        ],
        key: &["id"],
        group: Some("id"),
        numbered: Some("id"),
    },
    Table {
        name: "members",
        columns: &[
            integer("room_id"),
            bytes("user_id"),
            integer("role"),
            integer("joined_seq"),
            integer("muted_until"),
            integer("answered"),
            truth("may_own"),
        ],
        key: &["room_id", "user_id"],
        group: Some("room_id"),
        numbered: None,
    },
    Table {
        name: "room_ages",
        columns: &[integer("room_id"), integer("oldest_at")],
        key: &["room_id"],
        group: Some("room_id"),
        numbered: None,
    },
    by_room_and_user(
        "bans",
        &[integer("room_id"), bytes("user_id"), integer("seq")],
    ),
    by_room_and_user(
        "invitations",
        &[
            integer("room_id"),
            bytes("user_id"),
            integer("seq"),
            bytes("by_id"),
        ],
    ),
    by_room_and_user(
        "mutes",
        &[
            integer("room_id"),
            bytes("user_id"),
            integer("seq"),
            integer("until_ms"),
        ],
    ),
    Table {
        name: "entries",
        columns: &[
            integer("room_id"),
            integer("seq"),
            integer("kind"),
            bytes("author_id"),
            integer("at"),
            text("cid"),
            text("body"),
            bytes("body_hash"),
            integer("target"),
            bytes("subject_id"),
            text("detail"),
        ],
        key: &["room_id", "seq"],
        group: Some("room_id"),
        numbered: None,
    },
    Table {
        name: "message_states",
        columns: &[
            integer("room_id"),
            integer("seq"),
            integer("edited_seq"),
            integer("deleted_seq"),
        ],
        key: &["room_id", "seq"],
        group: Some("room_id"),
        numbered: None,
    },
    Table {
        name: "reactions",
        columns: &[
            integer("room_id"),
            integer("seq"),
            text("emoji"),
            bytes("user_id"),
            integer("active"),
            integer("entry_seq"),
        ],
        key: &["room_id", "seq", "emoji", "user_id"],
        group: Some("room_id"),
        numbered: None,
    },
    Table {
        name: "markers",
        columns: &[bytes("user_id"), integer("room_id"), integer("seq")],
        key: &["user_id", "room_id"],
        group: Some("room_id"),
        numbered: None,
    },
];

/// Returns a table with at most one row per user and room.
const fn by_room_and_user(name: &'static str, columns: &'static [Column]) -> Table {
    Table {
        name,
        columns,
        key: &["room_id", "user_id"],
        group: Some("room_id"),
        numbered: None,
    }
}

const fn integer(name: &'static str) -> Column {
    let holds = Holds::Integer;
    Column { name, holds }
}

const fn text(name: &'static str) -> Column {
    let holds = Holds::Text;
    Column { name, holds }
}

const fn bytes(name: &'static str) -> Column {
    let holds = Holds::Bytes;
    Column { name, holds }
}

const fn truth(name: &'static str) -> Column {
    let holds = Holds::Truth;
    Column { name, holds }
}
