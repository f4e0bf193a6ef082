//! The shapes of replies, pushes and entries, as data.
//!
//! A shape is a list of `name:type`; a `?` after the name means that it may be absent. Fields that
//! a shape does not name are allowed, since clients ignore unknown fields.

use serde_json::Value;

const ENTRY: &str = "seq:seq kind:str id:str author:user at:time";
const MESSAGE: &str = "seq:seq id:str author:user at:time cid:str deleted:bool edited_at?:time \
    edited_seq?:seq reply_to?:seq mentions:users reactions:reactions";
const PREFS: &str = "quiet_until_ms:int favourite:bool";
const LINK: &str = "link:str by:user at:time uses?:seq used:int until_ms?:seq";
const PROFILE: &str = "user:user display?:str colour?:str picture?:str";
const LAST: &str = "seq:seq id:str author:user at:time preview?:str edited:bool deleted:bool";
const LINE: &str = "card:card head:int read:int unread:int mentions:int answered?:bool \
    prefs?:prefs last?:last";
const DONE: &str = "seq:int dup:bool";

/// Checks the shape of a reply's `ok`.
pub(crate) fn reply(op: &str, ok: &Value) -> Result<(), String> {
    let shape = match op {
        "hello" => {
            "session:str token:str user:user epoch:str resumed:bool rooms:obj durability:str \
             ping_s:seq limits:limits time:any"
        }
        "join" => "card:card head:seq entries:entries complete:bool members:crowd",
        "leave" => "seq:int",
        "send" => "id:str seq:seq at:time dup:bool",
        "log" => "entries:entries head:int",
        "history" => "messages:messages more:bool head:int",
        "read" => "seq:int unread:int mentions:int",
        "members" => "members:members next?:str",
        "presence" => "online:users count:int",
        "rooms" => "rooms:lines next?:str invitations?:invitations",
        "room.create" | "room.update" => "card:card seq:int dup:bool",
        "dm" => "card:card dup:bool",
        "room.prefs" => "prefs:prefs dup:bool",
        "link.create" => "link:link code:str dup:bool",
        "link.revoke" => "dup:bool",
        "links" => "links:links",
        "link.info" => "room:str title:str members:int",
        "profile.set" => "profile:profile dup:bool",
        "profiles" => "profiles:profiles",
        "edit" | "delete" | "react" | "invite" | "kick" | "ban" | "unban" | "mute" | "role" => DONE,
        "ping" => "time:any",
        _ => "",
    };
    // The answers of extensions are their own.
    if op == "sessions" || op.starts_with("x.") {
        return Ok(());
    }
    fields(ok, shape).map_err(|why| format!("the reply of {op}: {why} in {ok}"))
}

/// Checks the shape of a push.
pub(crate) fn push(frame: &Value) -> Result<(), String> {
    let event = frame["ev"].as_str().unwrap_or_default();
    if event.starts_with("x.") {
        return Ok(());
    }
    let (of_a_room, shape) = match event {
        "entry" => (true, "entry"),
        "room" => (true, "card:card head:int why:str by:user"),
        "gone" => (true, "why:str seq:int by:user reason?:str"),
        "typing" => (true, "user:user on:bool"),
        "presence" => (true, "changes:changes online:int"),
        "read" => (true, "seq:int unread:int mentions:int"),
        "prefs" => (true, PREFS),
        "profile" => (false, PROFILE),
        "gap" => (true, "from:seq to:seq"),
        "auth_expiring" => (false, "in_ms:int"),
        "bye" => (false, "reason:str reconnect_after_ms:int"),
        "notice" => (false, "name:str message:str"),
        "heads" | "resumed" | "ping" => (false, ""),
        _ => return Err(format!("a push the protocol does not know: {frame}")),
    };
    if frame["room"].is_string() != of_a_room {
        return Err(format!("{event} has a room: {of_a_room}, but: {frame}"));
    }
    let judged = if shape == "entry" {
        entry(&frame["d"])
    } else {
        fields(&frame["d"], shape)
    };
    judged.map_err(|why| format!("a push {event}: {why} in {frame}"))
}

/// Checks the shape of an entry.
pub(crate) fn entry(entry: &Value) -> Result<(), String> {
    fields(entry, ENTRY)?;
    let deleted = entry["deleted"].as_bool().unwrap_or(false);
    let kind = entry["kind"].as_str().unwrap_or_default();
    let shape = match kind {
        "message" if deleted => "cid:str reply_to?:seq mentions?:users",
        "message" => "cid:str body:str reply_to?:seq mentions?:users",
        "edited" => "target:seq body?:str",
        "deleted" => "target:seq",
        "reaction" => "target:seq emoji:str on:bool",
        "joined" | "left" | "room" => "",
        "invited" | "kicked" | "banned" | "unbanned" | "unmuted" => "user:user reason?:str",
        "muted" => "user:user until_ms:int reason?:str",
        "role" => "user:user role:role reason?:str",
        other => return Err(format!("the protocol knows no kind {other}")),
    };
    if deleted && entry.get("body").is_some() {
        return Err(format!("a deleted message has no body: {entry}"));
    }
    fields(entry, shape).map_err(|why| format!("an entry {kind}: {why} in {entry}"))
}

fn fields(value: &Value, shape: &str) -> Result<(), String> {
    if !value.is_object() {
        return Err("not an object".to_owned());
    }
    for field in shape.split_whitespace() {
        let (name, kind) = field
            .split_once(':')
            .expect("a shape's fields are name:type");
        let (name, optional) = match name.strip_suffix('?') {
            Some(name) => (name, true),
            None => (name, false),
        };
        match value.get(name) {
            None | Some(Value::Null) if optional => {}
            None => return Err(format!("{name} is missing")),
            Some(found) => typed(found, kind).map_err(|why| format!("{name}: {why}"))?,
        }
    }
    Ok(())
}

fn typed(value: &Value, kind: &str) -> Result<(), String> {
    let fits = match kind {
        "any" => !value.is_null(),
        "int" => value.as_i64().is_some_and(|n| n >= 0),
        "seq" => value.as_i64().is_some_and(|n| n >= 1),
        "str" => value.is_string(),
        "bool" => value.is_boolean(),
        "obj" => value.is_object(),
        "time" => value.as_str().is_some_and(is_time),
        "role" => matches!(value.as_str(), Some("owner" | "moderator" | "member")),
        "user" => return fields(value, "id:str name:str guest:bool"),
        "limits" => {
            let all = "frame_bytes:seq body_chars:seq body_bytes:seq page_max:seq rooms_max:seq \
                       sends_per_s:seq commands_per_s:seq";
            return fields(value, all);
        }
        "card" => return card(value),
        "crowd" => return fields(value, "count:int online:users"),
        "users" => return each(value, |user| typed(user, "user")),
        "entries" => return each(value, entry),
        "messages" => return each(value, message),
        "members" => {
            return each(value, |one| {
                fields(one, "user:user role:role online:bool muted_until?:any")
            });
        }
        "lines" => return each(value, |one| fields(one, LINE)),
        "invitations" => return each(value, |one| fields(one, "card:card by:user seq:seq")),
        "prefs" => return fields(value, PREFS),
        "last" => return fields(value, LAST),
        "link" => return fields(value, LINK),
        "links" => return each(value, |one| fields(one, LINK)),
        "profile" => return fields(value, PROFILE),
        "profiles" => return each(value, |one| fields(one, PROFILE)),
        "reactions" => return each(value, |one| fields(one, "emoji:str count:seq mine:bool")),
        "changes" => return each(value, |one| fields(one, "user:user state:str")),
        other => panic!("a shape names the unknown type {other}"),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{value} is not of type {kind}"))
    }
}

fn card(value: &Value) -> Result<(), String> {
    fields(
        value,
        "room:str title:str topic:str kind:str history:str with?:user",
    )?;
    if !matches!(
        value["kind"].as_str(),
        Some("public" | "private" | "direct")
    ) {
        return Err(format!("no kind of room: {}", value["kind"]));
    }
    if !matches!(value["history"].as_str(), Some("all" | "since_join")) {
        return Err(format!("no history: {}", value["history"]));
    }
    match &value["role"] {
        Value::Null => Ok(()),
        role => typed(role, "role"),
    }
}

fn message(value: &Value) -> Result<(), String> {
    fields(value, MESSAGE)?;
    let deleted = value["deleted"].as_bool().unwrap_or(false);
    if deleted == value["body"].is_string() {
        return Err(format!("a message has a body or is deleted: {value}"));
    }
    Ok(())
}

fn each(value: &Value, judge: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    value
        .as_array()
        .ok_or_else(|| format!("{value} is not a list"))?
        .iter()
        .try_for_each(judge)
}

/// Returns whether the text looks like `2026-11-20T10:00:00.000Z`.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
    text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(c, form)| match form {
            b'0' => c.is_ascii_digit(),
            form => c == *form,
        })
}
