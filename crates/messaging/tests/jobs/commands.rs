//! Shorthands for commands.

use crate::server::TestServer;
use messaging::api::{
    Anchor, DeleteMessage, Done, EditMessage, HistoryPage, ListRooms, MarkRead, Marked, Message,
    React, ReadHistory, Refusal, RoomsPage, SendMessage, Sent,
};
use rooms::api::{
    CreateRoom, Entry, JoinRoom, Kind, LeaveRoom, Moderate, Moderation, ReadLog, RoomKey, Seq,
};
use sessions::api::Caller;

/// Far in the future, ms since 1970.
const FAR: i64 = 4_000_000_000_000;

/// Returns a request that sends a message.
pub(crate) fn message(who: &Caller, room: &RoomKey, cid: &str, body: &str) -> SendMessage {
    SendMessage {
        caller: who.clone(),
        room: room.clone(),
        cid: cid.to_owned(),
        body: body.to_owned(),
        reply_to: None,
    }
}

/// Returns a request for a page of at most the usual number of bytes.
pub(crate) fn history(who: &Caller, room: &RoomKey, anchor: Anchor, limit: usize) -> ReadHistory {
    ReadHistory {
        caller: who.clone(),
        room: room.clone(),
        anchor,
        limit,
        bytes: 131_072,
    }
}

impl TestServer {
    pub(crate) async fn try_send(
        &self,
        who: &Caller,
        room: &RoomKey,
        cid: &str,
        body: &str,
    ) -> Result<Sent, Refusal> {
        self.ask(message(who, room, cid, body)).await
    }

    pub(crate) async fn send(&self, who: &Caller, room: &RoomKey, cid: &str, body: &str) -> Sent {
        self.try_send(who, room, cid, body).await.expect("sent")
    }

    pub(crate) async fn try_edit(
        &self,
        who: &Caller,
        room: &RoomKey,
        target: Seq,
        body: &str,
    ) -> Result<Done, Refusal> {
        self.ask(EditMessage {
            caller: who.clone(),
            room: room.clone(),
            target,
            body: body.to_owned(),
        })
        .await
    }

    pub(crate) async fn edit(&self, who: &Caller, room: &RoomKey, target: Seq, body: &str) -> Done {
        self.try_edit(who, room, target, body)
            .await
            .expect("edited")
    }

    pub(crate) async fn try_delete(
        &self,
        who: &Caller,
        room: &RoomKey,
        target: Seq,
    ) -> Result<Done, Refusal> {
        self.ask(DeleteMessage {
            caller: who.clone(),
            room: room.clone(),
            target,
        })
        .await
    }

    pub(crate) async fn delete(&self, who: &Caller, room: &RoomKey, target: Seq) -> Done {
        self.try_delete(who, room, target).await.expect("deleted")
    }

    pub(crate) async fn try_react(
        &self,
        who: &Caller,
        room: &RoomKey,
        target: Seq,
        emoji: &str,
        on: bool,
    ) -> Result<Done, Refusal> {
        self.ask(React {
            caller: who.clone(),
            room: room.clone(),
            target,
            emoji: emoji.to_owned(),
            on,
        })
        .await
    }

    pub(crate) async fn react(
        &self,
        who: &Caller,
        room: &RoomKey,
        target: Seq,
        emoji: &str,
        on: bool,
    ) -> Done {
        let outcome = self.try_react(who, room, target, emoji, on).await;
        outcome.expect("reacted")
    }

    pub(crate) async fn try_mark(
        &self,
        who: &Caller,
        room: &RoomKey,
        seq: Seq,
    ) -> Result<Marked, Refusal> {
        self.ask(MarkRead {
            caller: who.clone(),
            connection: None,
            room: room.clone(),
            seq,
        })
        .await
    }

    pub(crate) async fn mark(&self, who: &Caller, room: &RoomKey, seq: Seq) -> Marked {
        self.try_mark(who, room, seq).await.expect("marked")
    }

    pub(crate) async fn page(
        &self,
        who: &Caller,
        room: &RoomKey,
        anchor: Anchor,
        limit: usize,
    ) -> HistoryPage {
        let page = self.ask(history(who, room, anchor, limit)).await;
        page.expect("a page")
    }

    pub(crate) async fn history(&self, who: &Caller, room: &RoomKey) -> HistoryPage {
        self.page(who, room, Anchor::Newest, 50).await
    }

    pub(crate) async fn newest(&self, who: &Caller, room: &RoomKey) -> Message {
        let mut page = self.page(who, room, Anchor::Newest, 1).await;
        page.messages.pop().expect("a message")
    }

    pub(crate) async fn head(&self, who: &Caller, room: &RoomKey) -> Seq {
        self.history(who, room).await.head
    }

    pub(crate) async fn rooms(
        &self,
        who: &Caller,
        all: bool,
        after: Option<String>,
        limit: usize,
    ) -> RoomsPage {
        let request = ListRooms {
            caller: who.clone(),
            all,
            after,
            limit,
        };
        self.ask(request).await.expect("a page of rooms")
    }

    pub(crate) async fn room(&self, owner: &Caller, name: &str) -> RoomKey {
        self.room_of(owner, name, Kind::Public).await
    }

    pub(crate) async fn room_of(&self, owner: &Caller, name: &str, kind: Kind) -> RoomKey {
        let request = CreateRoom {
            caller: owner.clone(),
            name: name.to_owned(),
            kind,
            topic: None,
            history: None,
            cid: None,
        };
        let created = self.ask(request).await.expect("a room");
        created.card.room.key.clone()
    }

    pub(crate) async fn join(&self, who: &Caller, room: &RoomKey) {
        let request = JoinRoom {
            caller: who.clone(),
            room: room.clone(),
        };
        self.ask(request).await.expect("joined");
    }

    pub(crate) async fn leave(&self, who: &Caller, room: &RoomKey) {
        let request = LeaveRoom {
            caller: who.clone(),
            room: room.clone(),
        };
        self.ask(request).await.expect("left");
    }

    pub(crate) async fn moderate(
        &self,
        by: &Caller,
        whom: &Caller,
        room: &RoomKey,
        what: Moderation,
    ) {
        let request = Moderate {
            caller: by.clone(),
            room: room.clone(),
            user: format!("@{}", whom.user.name),
            what,
            reason: None,
        };
        self.ask(request).await.expect("moderated");
    }

    pub(crate) async fn mute(&self, by: &Caller, whom: &Caller, room: &RoomKey) {
        let mute = Moderation::Mute { until_ms: FAR };
        self.moderate(by, whom, room, mute).await;
    }

    pub(crate) async fn entry(&self, room: &RoomKey, seq: Seq) -> Entry {
        let request = ReadLog {
            reader: None,
            room: room.clone(),
            after: Some(seq - 1),
            upto: Some(seq),
            limit: 1,
            bytes: 131_072,
        };
        let mut page = self.ask(request).await.expect("a page of the log");
        page.entries.pop().expect("an entry").as_ref().clone()
    }
}
