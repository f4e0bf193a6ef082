//! What people look for, and how long the index takes to find it.

use super::corpus::{Corpus, rank};
use crate::index::{self, Lookup};
use crate::query::Query;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rooms::api::RoomId;
use sessions::api::UserId;
use std::time::{Duration, Instant};
use storage::Database;

/// As many as a page reads first.
const HITS: i64 = 64;

/// Someone who searches again and again, with other words each time.
pub(super) struct Asker<'c> {
    corpus: &'c Corpus,
    rooms: Vec<RoomId>,
    author: Option<UserId>,
    query: fn(&Corpus, &mut StdRng) -> String,
}

impl<'c> Asker<'c> {
    pub(super) fn all(corpus: &'c Corpus) -> Vec<(&'static str, Self)> {
        let rooms = |ranks| corpus.rooms(ranks);
        let asker = |rooms, query| Self {
            corpus,
            rooms,
            author: None,
            query,
        };
        let said: fn(&Corpus, &mut StdRng) -> String =
            |corpus, random| format!("{} ", corpus.word(rank(random)));
        let two: fn(&Corpus, &mut StdRng) -> String = |corpus, random| {
            format!(
                "{} {} ",
                corpus.word(rank(random)),
                corpus.word(rank(random))
            )
        };
        let by_author = Self {
            author: Some(Corpus::author(7)),
            ..asker(rooms(0..20), said)
        };
        vec![
            (
                "a word as people say it, 20 rooms",
                asker(rooms(0..20), said),
            ),
            ("a word, 128 rooms", asker(rooms(0..128), said)),
            ("a word, 128 quiet rooms", asker(rooms(300..428), said)),
            ("a word, the busiest room", asker(rooms(0..1), said)),
            ("a word, a quiet room", asker(rooms(490..491), said)),
            (
                "the ten most frequent words, a quiet room",
                asker(rooms(490..491), |corpus, random| {
                    format!("{} ", corpus.word(rank(random) % 10))
                }),
            ),
            (
                "the ten most frequent words, 128 rooms",
                asker(rooms(0..128), |corpus, random| {
                    format!("{} ", corpus.word(rank(random) % 10))
                }),
            ),
            (
                "a rare word, 128 rooms",
                asker(rooms(0..128), |corpus, random| {
                    format!("{} ", corpus.word(5_000 + rank(random)))
                }),
            ),
            ("two words, 128 rooms", asker(rooms(0..128), two)),
            (
                "four words, 20 rooms",
                asker(rooms(0..20), |corpus, random| {
                    let words: Vec<&str> = (0..4).map(|_| corpus.word(rank(random))).collect();
                    words.join(" ") + " "
                }),
            ),
            (
                "a phrase of two words, 20 rooms",
                asker(rooms(0..20), |corpus, random| {
                    format!(
                        "\"{} {}\"",
                        corpus.word(rank(random)),
                        corpus.word(rank(random))
                    )
                }),
            ),
            (
                "three letters that words begin with, 20 rooms",
                asker(rooms(0..20), |corpus, random| {
                    let word = corpus.word(rank(random));
                    word.get(..3)
                        .map_or_else(|| "the".to_owned(), str::to_owned)
                }),
            ),
            ("a word by one author, 20 rooms", by_author),
        ]
    }

    pub(super) async fn measure(
        &self,
        database: &Database,
        name: &str,
        searches: usize,
    ) -> anyhow::Result<()> {
        let mut random = StdRng::seed_from_u64(7);
        let (mut times, mut hits) = (Vec::new(), 0);
        for _ in 0..searches {
            let query = (self.query)(self.corpus, &mut random);
            let lookup = Lookup {
                query: Query::parse(&query).map_err(anyhow::Error::msg)?,
                rooms: self.rooms.clone(),
                author: self.author,
                with_link: false,
                below: i64::MAX,
                from: 0,
            };
            let began = Instant::now();
            let read = database.read("search.bench_find", move |reader| {
                Box::pin(async move { index::find(reader, &lookup, HITS).await })
            });
            hits += read.await?.len();
            times.push(began.elapsed());
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        println!(
            "{name}: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms, {:.0} hits",
            ms(at(0.5)),
            ms(at(0.99)),
            ms(at(1.0)),
            hits as f64 / searches as f64
        );
        Ok(())
    }
}
