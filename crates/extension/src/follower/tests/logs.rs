//! Rooms whose logs a test writes by hand.

use crate::follower::inbox::fixture::said;
use bus::{AskError, Reads, TraceId};
use parking_lot::Mutex;
use rooms::api::{
    FollowLog, FollowedPage, Heads, History, Kind, Refusal, RoomEntries, RoomHead, RoomId,
    RoomInfo, RoomKey, Seq,
};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// All rooms of a store, as the followers read them.
#[derive(Default)]
pub(super) struct Logs(Mutex<State>);

#[derive(Default)]
struct State {
    epoch: String,
    rooms: BTreeMap<i64, Log>,
    /// The number of requests for heads that succeed before one fails.
    heads_until_failure: Option<u32>,
    pages_read: u32,
}

struct Log {
    info: Arc<RoomInfo>,
    head: Seq,
    kept_from: Seq,
}

impl Logs {
    /// Replaces all rooms by none, under another epoch.
    pub(super) fn replace(&self, epoch: &str) {
        *self.0.lock() = State {
            epoch: epoch.to_owned(),
            ..State::default()
        };
    }

    pub(super) fn epoch(&self) -> String {
        self.0.lock().epoch.clone()
    }

    /// Sets how far a room's log reaches.
    pub(super) fn write(&self, id: i64, key: &str, kind: Kind, head: Seq) {
        let info = Arc::new(RoomInfo {
            id: RoomId(id),
            key: RoomKey(key.into()),
            title: "a title".to_owned(),
            topic: "a topic".to_owned(),
            kind,
            history: History::All,
            pair: None,
        });
        let mut state = self.0.lock();
        let log = state.rooms.entry(id).or_insert(Log {
            info: Arc::clone(&info),
            head,
            kept_from: 1,
        });
        (log.info, log.head) = (info, head);
    }

    pub(super) fn forget(&self, id: i64, kept_from: Seq) -> Arc<RoomInfo> {
        let mut state = self.0.lock();
        let log = state.rooms.get_mut(&id).unwrap();
        log.kept_from = kept_from;
        Arc::clone(&log.info)
    }

    pub(super) fn fail_after_heads(&self, requests: u32) {
        self.0.lock().heads_until_failure = Some(requests);
    }

    pub(super) fn pages_read(&self) -> u32 {
        self.0.lock().pages_read
    }

    /// Returns what is heard of a room's entries as they are written.
    pub(super) fn heard(&self, id: i64, seqs: RangeInclusive<Seq>) -> RoomEntries {
        RoomEntries {
            room: Arc::clone(&self.0.lock().rooms[&id].info),
            entries: seqs.map(|seq| said(id, seq)).collect(),
        }
    }
}

/// Answers as rooms does.
pub(super) struct Reader(pub(super) Arc<Logs>);

impl Reads<Heads> for Reader {
    async fn read(
        &self,
        request: Heads,
        _trace: TraceId,
    ) -> Result<Result<Vec<RoomHead>, Refusal>, AskError> {
        let mut state = self.0.0.lock();
        match &mut state.heads_until_failure {
            Some(0) => {
                state.heads_until_failure = None;
                return Err(AskError::Failed);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let after = request.after.map_or(i64::MIN, |room| room.0);
        let rooms = state.rooms.iter().filter(|(id, _)| **id > after);
        let heads = rooms.map(|(id, log)| RoomHead {
            room: RoomId(*id),
            key: log.info.key.clone(),
            head: log.head,
            kept_from: log.kept_from,
        });
        Ok(Ok(heads.take(request.limit).collect()))
    }
}

impl Reads<FollowLog> for Reader {
    async fn read(
        &self,
        request: FollowLog,
        _trace: TraceId,
    ) -> Result<Result<FollowedPage, Refusal>, AskError> {
        let mut state = self.0.0.lock();
        state.pages_read += 1;
        let log = state
            .rooms
            .values()
            .find(|log| log.info.key == request.room);
        let Some(log) = log else {
            return Ok(Err(Refusal::NoSuchRoom));
        };
        let first = log.kept_from.max(request.after + 1);
        let entries = (first..=log.head).take(request.limit);
        let entries: Vec<_> = entries.map(|seq| said(log.info.id.0, seq)).collect();
        let reached = entries.last().map_or(log.head, |last| last.seq);
        Ok(Ok(FollowedPage {
            room: Arc::clone(&log.info),
            entries,
            head: log.head,
            kept_from: log.kept_from,
            epoch: state.epoch.clone(),
            complete: reached >= log.head,
        }))
    }
}
