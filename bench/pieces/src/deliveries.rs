//! Delivers an entry from the bus to every socket: the room's subscribers, one encoding, the
//! queues, one write per socket.

use crate::gateway_fixture::{GatewayFixture, user};
use crate::{Piece, Round};
use rooms::api::{Change, EntriesAppended, Entry, RoomEntries, RoomInfo, Seq};
use std::collections::VecDeque;
use std::io::Read as _;
use std::net::TcpStream;
use std::sync::Arc;

/// 32 entries in one turn for a single socket: dominated by their encoding.
pub(crate) const ENCODE: Piece = Piece {
    name: "encode_entry",
    unit: "entry",
    units: 32,
    steady: true,
    prepare: || ready(|_, _| true, 1, 1, 32),
};

/// One entry to a room of 50.
pub(crate) const ROOM_OF_50: Piece = Piece {
    name: "deliver_in_room_of_50",
    unit: "delivery",
    units: 50,
    steady: true,
    prepare: || ready(|_, _| true, 1, 50, 1),
};

/// One entry in each of 100 rooms, each with ten of fifty people.
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
    fixture: GatewayFixture,
    clients: Vec<TcpStream>,
    /// The last sequence number of each room.
    seq: Seq,
    /// Entries per room and round.
    entries: Seq,
    inputs: VecDeque<EntriesAppended>,
    buffer: Vec<u8>,
}

impl Round for Deliveries {
    fn add_input(&mut self) {
        let seqs = self.seq + 1..=self.seq + self.entries;
        self.seq = *seqs.end();
        let rooms = self.fixture.rooms.iter().map(|room| RoomEntries {
            room: Arc::clone(room),
            entries: seqs.clone().map(|seq| message_entry(room, seq)).collect(),
        });
        self.inputs.push_back(EntriesAppended {
            rooms: rooms.collect(),
        });
    }

    fn run(&mut self) {
        let fact = self.inputs.pop_front().expect("an input was added");
        self.fixture.runtime.block_on(async {
            self.fixture.bus.publish(fact).await;
            self.fixture.bus.quiet().await;
        });
        for client in &mut self.clients {
            let read = client.read(&mut self.buffer).expect("an open socket");
            assert!(read > 0, "an open socket");
        }
    }
}

fn ready(is_in: fn(usize, u64) -> bool, rooms: usize, people: u64, entries: Seq) -> Box<dyn Round> {
    let fixture = GatewayFixture::new(is_in, rooms);
    let clients = fixture.connect_clients(people);
    Box::new(Deliveries {
        fixture,
        clients,
        seq: 0,
        entries,
        inputs: VecDeque::new(),
        buffer: vec![0; 1 << 16],
    })
}

fn message_entry(room: &RoomInfo, seq: Seq) -> Arc<Entry> {
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
