//! From an entry on the bus to the bytes in every socket: the room's subscribers, one encoding, the
//! queues, one write each.

use crate::stage::{Stage, user};
use crate::{Piece, Round};
use rooms::api::{Change, EntriesAppended, Entry, RoomEntries, RoomInfo, Seq};
use std::collections::VecDeque;
use std::io::Read as _;
use std::net::TcpStream;
use std::sync::Arc;

/// 32 entries in one turn for a socket alone: what they cost is their encoding.
pub(crate) const ENCODE: Piece = Piece {
    name: "encode_entry",
    unit: "entry",
    units: 32,
    steady: true,
    prepare: || ready(|_, _| true, 1, 1, 32),
};

/// One entry, everyone in the room.
pub(crate) const ROOM_OF_50: Piece = Piece {
    name: "deliver_in_room_of_50",
    unit: "delivery",
    units: 50,
    steady: true,
    prepare: || ready(|_, _| true, 1, 50, 1),
};

/// An entry in each of 100 rooms, ten of fifty people in each.
pub(crate) const HUNDRED_ROOMS: Piece = Piece {
    name: "deliver_in_100_rooms_of_10",
    unit: "delivery",
    units: 1_000,
    steady: true,
    prepare: || {
        ready(
            |room, person| (room as u64 + person).is_multiple_of(5),
            100,
            50,
            1,
        )
    },
};

struct Deliveries {
    stage: Stage,
    clients: Vec<TcpStream>,
    /// The last one of each room.
    seq: Seq,
    /// Of each room at a time.
    entries: Seq,
    laid_out: VecDeque<EntriesAppended>,
    buffer: Vec<u8>,
}

impl Round for Deliveries {
    fn lay_out(&mut self) {
        let seqs = self.seq + 1..=self.seq + self.entries;
        self.seq = *seqs.end();
        let rooms = self.stage.rooms.iter().map(|room| RoomEntries {
            room: Arc::clone(room),
            entries: seqs.clone().map(|seq| said(room, seq)).collect(),
        });
        self.laid_out.push_back(EntriesAppended {
            rooms: rooms.collect(),
        });
    }

    fn run(&mut self) {
        let fact = self.laid_out.pop_front().expect("it was laid out");
        self.stage.runtime.block_on(async {
            self.stage.bus.publish(fact).await;
            self.stage.bus.quiet().await;
        });
        for client in &mut self.clients {
            let read = client.read(&mut self.buffer).expect("an open socket");
            assert!(read > 0, "an open socket");
        }
    }
}

fn ready(is_in: fn(usize, u64) -> bool, rooms: usize, people: u64, entries: Seq) -> Box<dyn Round> {
    let stage = Stage::new(is_in, rooms);
    let clients = stage.audience(people);
    Box::new(Deliveries {
        stage,
        clients,
        seq: 0,
        entries,
        laid_out: VecDeque::new(),
        buffer: vec![0; 1 << 16],
    })
}

fn said(room: &RoomInfo, seq: Seq) -> Arc<Entry> {
    Arc::new(Entry {
        room: room.id,
        seq,
        author: user(0),
        at: 1_800_000_000_000,
        change: Change::Message {
            cid: format!("0193f3a1-7c00-7000-{seq:012}"),
            body: Some("What was said, \"quoted\" too. ".repeat(7)),
            reply_to: None,
            mentions: Vec::new(),
        },
    })
}
