//! A client that takes part: its events become commands, and replies and pushes become acknowledgements and
//! events.

use super::answer::Answer;
use super::auth::{self, Auth, AuthProof};
use super::chat::Chat;
use super::entry_events::{self, EntryView};
use super::following::{FollowedRooms, NextEntry};
use super::frame::{ChatFrame, with_room};
use super::hello_reply::{HelloUser, RoomLine};
use super::ops::{self, CommandKind};
use super::refusal::Refusal;
use crate::engine::Outbox;
use crate::figures::{Counted, Figures};
use crate::offset;
use crate::packet::{ClientEvent, event_text};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The longest frame that the chat reads, bytes.
const FRAME_MAX: usize = 64 << 10;

pub(super) struct Live {
    pub(super) chat: Chat,
    user: HelloUser,
    native_only: bool,
    rooms: FollowedRooms,
    /// What ends each offset.
    suffix: String,
    /// Per room how many events of its next entry the client has heard: now, or before it came back.
    parts: BTreeMap<String, u8>,
    /// What becomes of the replies to come.
    pending: HashMap<u64, PendingReply>,
    _counted: Counted,
}

/// What becomes of a reply.
enum PendingReply {
    Command(Answer, CommandKind),
    /// More of a room's log.
    Log(String),
    /// The newest messages of a room, of which more was missed than is replayed.
    History(String),
    /// Nothing: the command was there to be charged.
    Nothing,
}

/// A page of a log, or the reply to a join.
#[derive(Deserialize)]
struct EntryPage<'a> {
    head: u64,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct MessagePage<'a> {
    head: u64,
    #[serde(borrow)]
    messages: Vec<EntryView<'a>>,
}

impl Live {
    pub(super) fn new(
        chat: Chat,
        user: HelloUser,
        native_only: bool,
        suffix: String,
        parts: BTreeMap<String, u8>,
        figures: &Arc<Figures>,
    ) -> Self {
        Self {
            chat,
            user,
            native_only,
            rooms: FollowedRooms::default(),
            suffix,
            parts,
            pending: HashMap::new(),
            _counted: Counted::new(figures, |figures| &figures.connected),
        }
    }

    /// Tells the client what the chat said to the hello, and follows its rooms from there.
    pub(super) fn begin(
        &mut self,
        hello: &str,
        lines: &BTreeMap<String, RoomLine>,
        out: &mut Outbox,
    ) {
        for (room, line) in lines.iter().filter(|(_, line)| !line.gone) {
            let from = line.from.filter(|_| line.is_complete());
            self.rooms
                .follow(room, from.map_or(line.head, |from| from.saturating_sub(1)));
        }
        // What was heard in part comes again only if its room goes on where it was.
        let goes_on = |room: &String| lines.get(room).is_some_and(RoomLine::is_complete);
        self.parts.retain(|room, _| goes_on(room));
        self.tell("hello", hello, out);
        for (room, line) in lines {
            if line.gone {
                self.tell("gone", &with_room(room, "{}"), out);
            } else if !line.is_complete() {
                self.rooms.catch_up(room);
                self.command(
                    "history",
                    &json!({ "room": room }),
                    PendingReply::History(room.clone()),
                );
            }
        }
    }

    pub(super) fn may_receive(&self) -> bool {
        self.chat.has_room()
    }

    /// Charges for a packet that means nothing to the chat: with a command that changes nothing.
    pub(super) fn charge(&mut self) {
        self.command("ping", &json!({}), PendingReply::Nothing);
    }

    /// Carries out an event of the client.
    pub(super) fn event(&mut self, event: &ClientEvent<'_>, out: &mut Outbox) {
        let answer = Answer::new(event.ack);
        if auth::is_authentication(&event.name) {
            self.authenticate_again(event, answer, out);
            return;
        }
        let command = ops::translate(event);
        let command = command.and_then(|command| {
            // The envelope takes less than a hundred bytes besides.
            let fits = command.d.len() + command.op.len() + 100 <= FRAME_MAX;
            fits.then_some(command).ok_or_else(Refusal::too_large)
        });
        match command {
            Ok(command) => {
                let id = self.chat.command(&command.op, &command.d);
                let reply = PendingReply::Command(answer, command.kind);
                self.pending.insert(id, reply);
            }
            Err(refusal) => {
                answer.refuse(&refusal, out);
                self.charge();
            }
        }
    }

    /// A page authenticates each time it connects, also when it was recovered; a new `jwt` extends the
    /// connection.
    fn authenticate_again(&mut self, event: &ClientEvent<'_>, answer: Answer, out: &mut Outbox) {
        match Auth::read(event.args.first().map(|arg| arg.get())).proof {
            Some(AuthProof::Jwt(jwt, token)) => {
                let mut d = json!({ "jwt": jwt });
                if let Some(token) = token {
                    d["token"] = token.into();
                }
                self.command(
                    "hello",
                    &d,
                    PendingReply::Command(answer, CommandKind::Plain),
                );
                return;
            }
            Some(AuthProof::Guest(name)) if name.to_lowercase() == self.user.name => {
                let user = json!({ "username": self.user.name, "userId": self.user.id });
                answer.give(&user.to_string(), out);
            }
            _ => answer.refuse(&Refusal::other_identity(), out),
        }
        self.charge();
    }

    /// Handles a frame of the chat.
    pub(super) fn hear(&mut self, frame: &ChatFrame<'_>, out: &mut Outbox) {
        if let Some(reply) = frame.reply() {
            let pending = frame.id.and_then(|id| self.pending.remove(&id));
            match pending {
                Some(pending) => self.replied(pending, reply, out),
                // The frame was no command, such as one with a broken `d`.
                None => {
                    if let Err(error) = reply {
                        Answer::new(None).refuse(&Refusal::of_chat(error), out);
                    }
                }
            }
            return;
        }
        let d = frame.d.map_or("{}", RawValue::get);
        if let Some(event) = &frame.ev {
            self.pushed(event, frame.room.as_deref(), d, out);
        }
    }

    fn pushed(&mut self, event: &str, room: Option<&str>, d: &str, out: &mut Outbox) {
        match (event, room) {
            // The connection within the process answers pings by itself.
            ("ping", _) => {}
            ("entry", Some(room)) => self.entry(room, d, out),
            ("room", Some(room)) => {
                let head = serde_json::from_str::<Value>(d).unwrap_or_default()["head"].as_u64();
                self.rooms.follow(room, head.unwrap_or_default());
                self.tell("room", &with_room(room, d), out);
            }
            ("gone", Some(room)) => {
                self.rooms.forget(room);
                self.parts.remove(room);
                self.tell("gone", &with_room(room, d), out);
            }
            ("gap", Some(room)) => {
                give("gap", &with_room(room, d), out);
                self.ask_log(room);
            }
            ("heads", _) => {
                let heads: BTreeMap<String, u64> = serde_json::from_str(d).unwrap_or_default();
                for (room, head) in heads {
                    if self.rooms.is_at(&room, head) {
                        self.ask_log(&room);
                    }
                }
                give("heads", d, out);
            }
            ("typing", Some(room)) => give("typing", &typing(room, d), out),
            ("resumed", _) => self.tell("resumed", d, out),
            (event, Some(room)) => give(event, &with_room(room, d), out),
            (event, None) => give(event, d, out),
        }
    }

    fn entry(&mut self, room: &str, d: &str, out: &mut Outbox) {
        let Ok(entry) = serde_json::from_str::<EntryView<'_>>(d) else {
            return;
        };
        match self.rooms.came(room, entry.seq) {
            NextEntry::Hear => self.tell_entry(room, d, &entry, out),
            NextEntry::Drop => {}
            NextEntry::Ask => self.ask_log(room),
        }
    }

    /// Sends the events of an entry, each with the offset after it.
    fn tell_entry(&mut self, room: &str, d: &str, entry: &EntryView<'_>, out: &mut Outbox) {
        let events = entry_events::events(room, d, entry, self.native_only);
        let heard = self.parts.remove(room).map_or(0, usize::from);
        let count = events.len();
        for (index, event) in events.into_iter().enumerate().skip(heard) {
            if index + 1 == count {
                self.parts.remove(room);
                self.rooms.heard(room, entry.seq);
            } else {
                let part = u8::try_from(index + 1).unwrap_or(u8::MAX);
                self.parts.insert(room.to_owned(), part);
            }
            self.tell(event.name, &event.argument, out);
        }
        // Also if all of it was heard before.
        self.rooms.heard(room, entry.seq);
    }

    fn replied(&mut self, pending: PendingReply, reply: Result<&str, &str>, out: &mut Outbox) {
        match (pending, reply) {
            (PendingReply::Nothing, _) => {}
            (PendingReply::Command(answer, kind), Ok(ok)) => {
                self.succeeded(answer, kind, ok, out);
            }
            (PendingReply::Command(answer, CommandKind::SendMessage), Err(error)) => {
                let refusal = Refusal::of_chat(error);
                if answer.is_awaited() {
                    answer.give(&format!(r#"{{"status":"error","err":{error}}}"#), out);
                } else {
                    answer.refuse(&refusal, out);
                }
            }
            (PendingReply::Command(answer, _), Err(error)) => {
                answer.refuse(&Refusal::of_chat(error), out);
            }
            (PendingReply::Log(room), Ok(ok)) => self.log_came(&room, ok, out),
            (PendingReply::History(room), Ok(ok)) => self.history_came(&room, ok, out),
            (PendingReply::Log(room) | PendingReply::History(room), Err(_)) => {
                // The next entry or `heads` asks again.
                self.rooms.caught_up(&room, false);
            }
        }
    }

    fn succeeded(&mut self, answer: Answer, kind: CommandKind, ok: &str, out: &mut Outbox) {
        match kind {
            CommandKind::Plain => answer.ok(ok, out),
            CommandKind::SendMessage => {
                let rest = ok.strip_prefix('{').unwrap_or("}");
                answer.give(&format!(r#"{{"status":"sent",{rest}"#), out);
            }
            CommandKind::Join(room) => {
                if let Ok(page) = serde_json::from_str::<EntryPage<'_>>(ok) {
                    self.rooms.follow(&room, page.head);
                    if !self.native_only {
                        let messages = entry_events::messages_of(&room, &page.entries);
                        self.tell_history(&room, &messages, out);
                    }
                }
                // After the event, whose offset knows of the room: whoever has the answer has that, too.
                answer.ok(ok, out);
            }
        }
    }

    fn log_came(&mut self, room: &str, ok: &str, out: &mut Outbox) {
        let Some(before) = self.rooms.cursor(room) else {
            return;
        };
        if let Ok(page) = serde_json::from_str::<EntryPage<'_>>(ok) {
            for json in &page.entries {
                let entry = serde_json::from_str::<EntryView<'_>>(json.get());
                // What the log leaves out is not for this user.
                if let Ok(entry) = entry
                    && self
                        .rooms
                        .cursor(room)
                        .is_some_and(|cursor| cursor < entry.seq)
                {
                    self.tell_entry(room, json.get(), &entry, out);
                }
            }
            if page.entries.is_empty() {
                self.rooms.heard(room, page.head);
            }
        }
        let moved = self.rooms.cursor(room) > Some(before);
        if self.rooms.caught_up(room, moved) {
            self.ask_log(room);
        }
    }

    fn history_came(&mut self, room: &str, ok: &str, out: &mut Outbox) {
        if let Ok(page) = serde_json::from_str::<MessagePage<'_>>(ok) {
            self.rooms.heard(room, page.head);
            let messages = page
                .messages
                .iter()
                .filter_map(|message| message.message(room));
            let messages: Vec<_> = messages.collect();
            self.tell_history(room, &messages, out);
        }
        if self.rooms.caught_up(room, true) {
            self.ask_log(room);
        }
    }

    fn tell_history(&self, room: &str, messages: &[Value], out: &mut Outbox) {
        let history = json!({ "room": room, "messages": messages });
        self.tell("message_history", &history.to_string(), out);
    }

    fn ask_log(&mut self, room: &str) {
        if let Some(after) = self.rooms.catch_up(room) {
            let d = json!({ "room": room, "after": after, "limit": 200 });
            self.command("log", &d, PendingReply::Log(room.to_owned()));
        }
    }

    fn command(&mut self, op: &str, d: &Value, pending: PendingReply) {
        let id = self.chat.command(op, &d.to_string());
        self.pending.insert(id, pending);
    }

    /// Sends an event with the offset of where the client is now.
    fn tell(&self, name: &str, argument: &str, out: &mut Outbox) {
        out.message(event_text(name, argument, Some(&self.offset())));
    }

    fn offset(&self) -> String {
        let mut offset = offset::encode(self.rooms.cursors(), &self.parts);
        offset.push_str(&self.suffix);
        offset
    }
}

/// Sends an event that is no part of what is recovered.
fn give(name: &str, argument: &str, out: &mut Outbox) {
    out.message(event_text(name, argument, None));
}

/// Returns who types, also under the names of other Socket.IO servers.
fn typing(room: &str, d: &str) -> String {
    let mut typing: Value = serde_json::from_str(d).unwrap_or_default();
    typing["room"] = room.into();
    typing["username"] = typing["user"]["name"].clone();
    typing["userId"] = typing["user"]["id"].clone();
    typing["isTyping"] = typing["on"].clone();
    typing.to_string()
}
