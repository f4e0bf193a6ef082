//! The entries that all clients of one store have seen: they must agree on every `(room, seq)`.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::{Arc, Mutex};

/// Every entry that any client of a store has received. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeenEntries(Arc<Mutex<BTreeMap<String, BTreeMap<i64, Value>>>>);

impl SeenEntries {
    /// Adds an entry that a client received and compares it with what others received.
    pub(crate) fn saw(&self, room: &str, entry: &Value) -> Result<(), String> {
        let seq = entry["seq"].as_i64().ok_or("an entry has a seq")?;
        let mut seen = self.0.lock().expect("the lock is not poisoned");
        match seen.entry(room.to_owned()).or_default().entry(seq) {
            Slot::Vacant(slot) => {
                slot.insert(entry.clone());
                Ok(())
            }
            Slot::Occupied(slot) if lasting(slot.get()) == lasting(entry) => {
                redacted_for_good(slot.get(), entry)
            }
            Slot::Occupied(slot) => Err(format!(
                "two entries at {room} {seq}: {} and {entry}",
                slot.get()
            )),
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.0.lock().expect("the lock is not poisoned").clear();
    }

    /// Returns all entries of a room by `seq`.
    pub(crate) fn room(&self, room: &str) -> BTreeMap<i64, Value> {
        let seen = self.0.lock().expect("the lock is not poisoned");
        seen.get(room).cloned().unwrap_or_default()
    }
}

/// Returns an entry without what may change: the names of people, and what a deletion removes.
fn lasting(entry: &Value) -> Value {
    let mut kept = entry.clone();
    let fields = kept.as_object_mut().expect("an entry is an object");
    fields.remove("deleted");
    for field in REDACTED {
        fields.remove(field);
    }
    fields.retain(|_, value| !value.is_null());
    for field in ["author", "user"] {
        if let Some(user) = fields.get_mut(field) {
            *user = json!(user["id"]);
        }
    }
    kept
}

/// Fields that are removed together with their message.
const REDACTED: [&str; 3] = ["body", "mentions", "emoji"];

/// Checks that these fields never change except by being removed.
fn redacted_for_good(before: &Value, now: &Value) -> Result<(), String> {
    for field in REDACTED {
        if let (Some(before), Some(now)) = (said(before, field), said(now, field))
            && before != now
        {
            return Err(format!("{field} changed from {before} to {now}"));
        }
    }
    Ok(())
}

/// Returns a field of an entry, people by id; `None` if it is empty.
fn said(entry: &Value, field: &str) -> Option<Value> {
    match &entry[field] {
        Value::String(text) if !text.is_empty() => Some(json!(text)),
        Value::Array(users) if !users.is_empty() => {
            Some(users.iter().map(|user| user["id"].clone()).collect())
        }
        _ => None,
    }
}
