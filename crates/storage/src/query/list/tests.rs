//! What lists promise: few texts, the same answers.

use super::{KEPT_MAX, lengths};
use crate::Backend;
use crate::backend::sqlite;
use crate::prelude::*;
use diesel::RunQueryDsl as _;
use diesel::query_builder::{QueryBuilder as _, QueryFragment};
use diesel::sqlite::{Sqlite, SqliteQueryBuilder};
use std::collections::HashSet;

table! {
    notes (id) {
        id -> BigInt,
        word -> Text,
    }
}

fn text(of: &impl QueryFragment<Sqlite>) -> String {
    let mut text = SqliteQueryBuilder::new();
    of.to_sql(&mut text, &Sqlite).unwrap();
    text.finish()
}

fn is_kept(of: &impl QueryFragment<Sqlite>) -> bool {
    of.is_safe_to_cache_prepared(&Sqlite).unwrap()
}

#[test]
fn few_texts_serve_all_lengths_and_stay_prepared() {
    let wanted = |all: i64| notes::table.filter(notes::id.one_of(0..all));
    let lengths = 1..=i64::try_from(KEPT_MAX).unwrap();
    let texts: HashSet<String> = lengths.clone().map(|all| text(&wanted(all))).collect();
    assert_eq!(texts.len(), 11);
    for all in lengths {
        assert!(is_kept(&wanted(all)), "{all}");
    }
}

#[test]
fn a_list_too_long_to_be_kept_is_not_made_longer() {
    let all = i64::try_from(KEPT_MAX).unwrap() + 1;
    let wanted = notes::table.filter(notes::id.one_of(0..all));
    assert!(!is_kept(&wanted));
    assert_eq!(text(&wanted).matches('?').count(), KEPT_MAX + 1);
}

#[test]
fn a_repeated_value_finds_nothing_twice() {
    let mut c = sqlite::connect(":memory:").unwrap();
    diesel::sql_query("CREATE TABLE notes (id INTEGER PRIMARY KEY, word TEXT NOT NULL)")
        .execute(&mut c)
        .unwrap();
    for id in 0..10 {
        let note = (notes::id.eq(id), notes::word.eq("x"));
        diesel::insert_into(notes::table)
            .values(note)
            .execute(&mut c)
            .unwrap();
    }
    for all in 0..10_i64 {
        let wanted = notes::table
            .filter(notes::id.one_of(0..all))
            .filter(notes::word.one_of(["x", "y", "z"]))
            .select(notes::id);
        let found: Vec<i64> = wanted.load(&mut c).unwrap();
        assert_eq!(found, (0..all).collect::<Vec<_>>());
    }
}

#[test]
fn a_list_is_cut_where_nothing_has_to_be_repeated() {
    let cut = |backend, all| lengths(backend, all).collect::<Vec<_>>();
    assert_eq!(cut(Backend::Sqlite, 200), [128, 64, 8]);
    assert_eq!(cut(Backend::Sqlite, 1), [1]);
    assert_eq!(cut(Backend::Postgres, 200), [200]);
    assert_eq!(cut(Backend::Sqlite, 0), Vec::<usize>::new());
}
