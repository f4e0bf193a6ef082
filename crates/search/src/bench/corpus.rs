//! Messages as people might write them: few words are frequent, most are rare, and few rooms are busy.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rooms::api::{Change, Entry, RoomId};
use sessions::api::{User, UserId};

/// The number of different words, of rooms and of authors.
const WORDS: usize = 60_000;
const ROOMS: usize = 500;
const AUTHORS: u16 = 2_000;

/// The time of the first message, and that in which all are said, in ms.
const BEGINS_AT: i64 = 1_764_000_000_000;
const LASTS: i64 = 365 * 86_400_000;

/// All messages, made anew whenever they are read.
pub(super) struct Corpus {
    words: Vec<String>,
    /// The number of messages in each room.
    rooms: Vec<usize>,
}

impl Corpus {
    pub(super) fn new(messages: usize) -> Self {
        let mut random = StdRng::seed_from_u64(1);
        let words = (0..WORDS).map(|_| word(&mut random)).collect();
        // The first rooms have most of the messages.
        let weight = |room: usize| 1.0 / (room as f64 + 2.0);
        let all: f64 = (0..ROOMS).map(weight).sum();
        let rooms = (0..ROOMS).map(|room| (messages as f64 * weight(room) / all) as usize);
        Self {
            words,
            rooms: rooms.collect(),
        }
    }

    pub(super) fn messages(&self) -> usize {
        self.rooms.iter().sum()
    }

    /// Returns the word of this rank: 0 is the most frequent.
    pub(super) fn word(&self, rank: usize) -> &str {
        &self.words[rank.min(WORDS - 1)]
    }

    /// Returns the rooms from this rank on: 0 is the busiest.
    pub(super) fn rooms(&self, ranks: std::ops::Range<usize>) -> Vec<RoomId> {
        ranks
            .filter_map(|rank| Some(RoomId(i64::try_from(rank).ok()? + 1)))
            .collect()
    }

    pub(super) fn author(number: u16) -> UserId {
        let mut id = [7; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        UserId(id)
    }

    /// Returns the entries of all rooms, room by room, in pages.
    pub(super) fn pages(&self, most: usize) -> impl Iterator<Item = Vec<Entry>> {
        self.rooms
            .iter()
            .enumerate()
            .flat_map(move |(rank, messages)| {
                let mut random = StdRng::seed_from_u64(rank as u64);
                let room = self.rooms(rank..rank + 1)[0];
                let parts = (0..*messages).step_by(most);
                parts.map(move |from| {
                    let part = from..(from + most).min(*messages);
                    let entries = part.map(|at| self.entry(room, (at, *messages), &mut random));
                    entries.collect()
                })
            })
    }

    fn entry(&self, room: RoomId, (at, of): (usize, usize), random: &mut StdRng) -> Entry {
        let share = at as f64 / of as f64;
        let author = random.random_range(0..AUTHORS);
        Entry {
            room,
            seq: i64::try_from(at).unwrap_or(0) + 1,
            author: User {
                id: Self::author(author),
                name: "someone".into(),
                guest: false,
            },
            at: BEGINS_AT + (share * LASTS as f64) as i64,
            change: Change::Message {
                cid: String::new(),
                body: Some(self.text(random)),
                reply_to: None,
                mentions: Vec::new(),
            },
        }
    }

    /// Returns a text of about twelve words.
    fn text(&self, random: &mut StdRng) -> String {
        let length = 1.0 - random.random::<f64>().ln() * 11.0;
        let words = (0..(length as usize).clamp(1, 80)).map(|_| self.word(rank(random)));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Draws a rank by Zipf's law: each is drawn about as often as its inverse says.
pub(super) fn rank(random: &mut StdRng) -> usize {
    let exponent = random.random::<f64>();
    ((WORDS as f64 + 2.0).powf(exponent) - 1.0) as usize
}

fn word(random: &mut StdRng) -> String {
    const LETTERS: &[u8] = b"eeeetttaaaooiinnsshhrrddlcumwfgypbvk";
    let length = random.random_range(2..11);
    let letters = (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]));
    letters.collect()
}
