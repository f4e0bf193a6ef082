//! Checks what one connection may be pushed, by what it was told before.

use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The expected state of one connection: subscriptions and cursors.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    greeted: bool,
    all: bool,
    rooms: HashMap<String, Subscription>,
    ended: HashSet<String>,
    resumed_due: bool,
}

#[derive(Debug, Clone, Copy)]
struct Subscription {
    cursor: i64,
    replay_to: i64,
}

impl Ledger {
    /// Returns the last `seq` that this connection has of a room it is subscribed to.
    pub(crate) fn cursor(&self, room: &str) -> Option<i64> {
        self.rooms.get(room).map(|subscription| subscription.cursor)
    }

    /// Returns all cursors of this connection.
    pub(crate) fn cursors(&self) -> impl Iterator<Item = (&str, i64)> {
        self.rooms
            .iter()
            .map(|(room, subscription)| (room.as_str(), subscription.cursor))
    }

    /// Checks a push.
    pub(crate) fn pushed(&mut self, event: &str, room: &str, d: &Value) -> Result<(), String> {
        if !self.greeted {
            return Err("nothing but err precedes the hello reply".to_owned());
        }
        if self.ended.contains(room) && event != "room" {
            return Err(format!(
                "{event} of {room} after its gone or the reply to leave"
            ));
        }
        match event {
            "entry" => self.entry(room, number(d, "seq")?),
            "gap" => self.gap(room, number(d, "from")?, number(d, "to")?),
            "typing" | "presence" => self.subscription(event, room).map(|_| ()),
            "room" => self.room(room, d),
            "gone" => self.gone(room, number(d, "seq")?),
            "resumed" => self.resumed(),
            _ => Ok(()),
        }
    }

    /// Notes an `ok` reply to a command.
    pub(crate) fn answered(&mut self, op: &str, asked: &Value, ok: &Value) -> Result<(), String> {
        match op {
            "hello" => self.hello(asked, ok),
            "join" => self.joined(asked, ok),
            "leave" => self.left(asked),
            _ => Ok(()),
        }
    }

    fn subscription(&mut self, event: &str, room: &str) -> Result<&mut Subscription, String> {
        self.rooms
            .get_mut(room)
            .ok_or_else(|| format!("{event} of {room}, to which this connection is not subscribed"))
    }

    fn entry(&mut self, room: &str, seq: i64) -> Result<(), String> {
        let subscription = self.subscription("entry", room)?;
        if seq != subscription.cursor + 1 {
            let cursor = subscription.cursor;
            return Err(format!(
                "entry {seq} of {room} was pushed above the cursor {cursor}"
            ));
        }
        subscription.cursor = seq;
        Ok(())
    }

    fn gap(&mut self, room: &str, from: i64, to: i64) -> Result<(), String> {
        let subscription = self.subscription("gap", room)?;
        if from != subscription.cursor + 1 || to < from {
            let cursor = subscription.cursor;
            return Err(format!(
                "gap {from} to {to} of {room} above the cursor {cursor}"
            ));
        }
        subscription.cursor = to;
        Ok(())
    }

    fn room(&mut self, room: &str, d: &Value) -> Result<(), String> {
        self.ended.remove(room);
        let is_member = d["card"]["role"].is_string() && d["why"] != "invited";
        if self.all && is_member && !self.rooms.contains_key(room) {
            self.subscribe(room, number(d, "head")?, 0);
        }
        Ok(())
    }

    /// The person concerned still receives the entry that ended the membership, and nothing after
    /// it.
    fn gone(&mut self, room: &str, seq: i64) -> Result<(), String> {
        self.ended.insert(room.to_owned());
        match self.rooms.remove(room) {
            Some(Subscription { cursor, .. }) if cursor != seq => Err(format!(
                "gone at {seq} of {room}, but the last entry pushed was {cursor}"
            )),
            _ => Ok(()),
        }
    }

    fn resumed(&mut self) -> Result<(), String> {
        if !self.resumed_due {
            return Err("resumed comes once, after a hello with cursors".to_owned());
        }
        self.resumed_due = false;
        match self
            .rooms
            .iter()
            .find(|(_, room)| room.cursor < room.replay_to)
        {
            Some((room, _)) => Err(format!("resumed before the replay of {room} was complete")),
            None => Ok(()),
        }
    }

    fn hello(&mut self, asked: &Value, ok: &Value) -> Result<(), String> {
        self.greeted = true;
        let has_cursors = asked["cursors"]
            .as_object()
            .is_some_and(|cursors| !cursors.is_empty());
        self.all |= asked["subscribe"] == "all";
        self.resumed_due |= has_cursors || asked["subscribe"] == "all";
        for (room, line) in ok["rooms"].as_object().into_iter().flatten() {
            let asked = asked["cursors"][room].as_i64();
            self.resume(room, asked, line)?;
        }
        let cursors = asked["cursors"].as_object().into_iter().flatten();
        match cursors
            .map(|(room, _)| room)
            .find(|room| ok["rooms"].get(room).is_none())
        {
            Some(room) => Err(format!("hello has no line for the cursor of {room}")),
            None => Ok(()),
        }
    }

    fn resume(&mut self, room: &str, asked: Option<i64>, line: &Value) -> Result<(), String> {
        if line["gone"] == true {
            return Ok(());
        }
        let head = number(line, "head")?;
        if line["reset"] == true {
            self.subscribe(room, head, 0);
        } else if line["complete"] == true {
            let from = number(line, "from")?;
            if asked.is_some_and(|asked| from <= asked) || from > head + 1 {
                return Err(format!(
                    "{room} resumes from {from} for the cursor {asked:?}"
                ));
            }
            self.subscribe(room, from - 1, head);
        } else {
            let (from, to) = (line["gap"][0].as_i64(), line["gap"][1].as_i64());
            if to != Some(head) || from <= asked {
                return Err(format!("{room} has the gap {} for {asked:?}", line["gap"]));
            }
            self.subscribe(room, head, 0);
        }
        Ok(())
    }

    fn joined(&mut self, asked: &Value, ok: &Value) -> Result<(), String> {
        let room = asked["room"].as_str().unwrap_or_default();
        let head = number(ok, "head")?;
        let before = self.cursor(room).unwrap_or(0);
        self.subscribe(room, head.max(before), 0);
        Ok(())
    }

    fn left(&mut self, asked: &Value) -> Result<(), String> {
        let room = asked["room"].as_str().unwrap_or_default();
        if self.rooms.contains_key(room) {
            return Err(format!("the reply to leave came before the gone of {room}"));
        }
        self.ended.insert(room.to_owned());
        Ok(())
    }

    fn subscribe(&mut self, room: &str, cursor: i64, replay_to: i64) {
        self.ended.remove(room);
        self.rooms
            .insert(room.to_owned(), Subscription { cursor, replay_to });
    }
}

fn number(value: &Value, field: &str) -> Result<i64, String> {
    value[field]
        .as_i64()
        .ok_or_else(|| format!("{field} is a number, not {}", value[field]))
}
