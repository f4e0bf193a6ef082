//! The columns of the tables.

use storage::prelude::*;

stored_table! {
    USERS = users (id) {
        id -> Binary,
        name -> Text,
        name_key -> Text,
        guest -> Bool,
        password_hash -> Nullable<Text>,
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
        admin -> Bool,
        created_at -> BigInt,
        seen_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        service -> Nullable<Text>,
        upgraded_at -> Nullable<BigInt>,
    }
}

stored_table! {
    SESSIONS = sessions (id) {
        id -> Binary,
        user_id -> Binary,
        token_hash -> Binary,
        device -> Nullable<Text>,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        connected_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

stored_table! {
    PROFILES = profiles (user_id) {
        user_id -> Binary,
        display -> Nullable<Text>,
        colour -> Nullable<Text>,
        picture -> Nullable<Binary>,
    }
}

stored_table! {
    PICTURES = pictures (user_id) {
        user_id -> Binary,
        hash -> Binary,
        kind -> SmallInt,
        bytes -> Binary,
    }
}

joinable!(sessions -> users (user_id));
joinable!(profiles -> users (user_id));
allow_tables_to_appear_in_same_query!(users, sessions, profiles);
