//! The tables; the migrations describe their columns. `rooms.head_at` is left out: no typed query uses it,
//! and diesel supports at most sixteen columns here.

use storage::prelude::*;

table! {
    rooms (id) {
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
}

table! {
    members (room_id, user_id) {
        room_id -> BigInt,
        user_id -> Binary,
        role -> SmallInt,
        joined_seq -> BigInt,
        muted_until -> Nullable<BigInt>,
        answered -> SmallInt,
        may_own -> Bool,
    }
}

table! {
    bans (room_id, user_id) {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
    }
}

table! {
    invitations (room_id, user_id) {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
        by_id -> Nullable<Binary>,
    }
}

table! {
    mutes (room_id, user_id) {
        room_id -> BigInt,
        user_id -> Binary,
        seq -> BigInt,
        until_ms -> BigInt,
    }
}

table! {
    entries (room_id, seq) {
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

table! {
    room_ages (room_id) {
        room_id -> BigInt,
        oldest_at -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(rooms, members);
