//! The tables; the migrations describe their columns. No typed query uses `rooms.head_at`, and diesel
//! supports at most sixteen columns here.

use storage::prelude::*;

stored_table! {
    ROOMS = rooms (id) grouped by id numbered by id {
        id -> BigInt,
        key -> Text,
        title -> Text,
        topic -> Text,
        kind -> SmallInt,
        history -> SmallInt,
        head -> BigInt,
        settled -> BigInt,
        pair_low -> Nullable<Binary>,
        pair_high -> Nullable<Binary>,
        creator -> Nullable<Binary>,
        cid -> Nullable<Text>,
        made_of -> Nullable<Binary>,
        created_at -> BigInt,
        kept_from -> BigInt,
        member_count -> BigInt,
    }
    untyped {
        head_at -> BigInt,
    }
}

stored_table! {
    MEMBERS = members (room_id, user_id) grouped by room_id {
        room_id -> BigInt,
        user_id -> Binary,
        role -> SmallInt,
        joined_seq -> BigInt,
        muted_until -> Nullable<BigInt>,
        answered -> SmallInt,
        may_own -> Bool,
        quiet_until -> BigInt,
        favourite -> Bool,
    }
}

stored_table! {
    BANS = bans (room_id, user_id) grouped by room_id {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
    }
}

stored_table! {
    INVITATIONS = invitations (room_id, user_id) grouped by room_id {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
        by_id -> Nullable<Binary>,
    }
}

stored_table! {
    MUTES = mutes (room_id, user_id) grouped by room_id {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
        until_ms -> BigInt,
    }
}

stored_table! {
    ROOM_LINKS = room_links (id) grouped by room_id {
        id -> Binary,
        room_id -> BigInt,
        by_id -> Binary,
        cid_hash -> Binary,
        nonce -> Binary,
        code_hash -> Binary,
        uses -> Nullable<BigInt>,
        used -> BigInt,
        until_ms -> Nullable<BigInt>,
        made_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

stored_table! {
    ENTRIES = entries (room_id, seq) grouped by room_id {
        room_id -> BigInt,
        seq -> BigInt,
        kind -> SmallInt,
        author_id -> Binary,
        at -> BigInt,
        cid -> Nullable<Text>,
        body -> Nullable<Text>,
        body_hash -> Nullable<Binary>,
        target -> Nullable<BigInt>,
        subject_id -> Nullable<Binary>,
        detail -> Nullable<Text>,
    }
}

stored_table! {
    ROOM_AGES = room_ages (room_id) grouped by room_id {
        room_id -> BigInt,
        oldest_at -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(rooms, members);
