//! A client that waits for the chat to let it in.

use super::Live;
use super::answer::Answer;
use super::auth::{Auth, Hello};
use super::chat::Chat;
use super::hello_reply::{HelloReply, HelloUser};
use crate::engine::Outbox;
use crate::figures::Figures;
use crate::offset::Offset;
use crate::packet;
use crate::pid::{Pid, random_name};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// The id of the hello, a connection's first command.
pub(super) const HELLO_ID: u64 = 0;

/// The client and its hello under way.
pub(super) struct Greeting {
    pub(super) chat: Chat,
    hello: Hello,
    /// What is tried if this one is refused.
    pub(super) attempts: VecDeque<Hello>,
    pub(super) purpose: Purpose,
}

/// What the client has asked for.
pub(super) enum Purpose {
    /// A CONNECT that says who the client is.
    Connect(Box<Auth>),
    /// `authenticate`, after a CONNECT with this pid.
    Authenticate(Pid, Answer),
}

impl Purpose {
    /// Returns whether the client gave nothing but an expired pid: it authenticates again as at first.
    pub(super) fn may_stay_stranger(&self) -> bool {
        matches!(self, Self::Connect(auth) if auth.proof.is_none())
    }
}

impl Greeting {
    pub(super) fn new(
        mut chat: Chat,
        hello: Hello,
        attempts: VecDeque<Hello>,
        purpose: Purpose,
    ) -> Self {
        let id = chat.command("hello", &hello.d.to_string());
        debug_assert_eq!(id, HELLO_ID);
        Self {
            chat,
            hello,
            attempts,
            purpose,
        }
    }

    /// Lets the client in; `None` if the chat's answer cannot be read.
    pub(super) fn welcomed(
        self,
        ok: &str,
        figures: &Arc<Figures>,
        out: &mut Outbox,
    ) -> Option<Live> {
        let reply: HelloReply<'_> = serde_json::from_str(ok).ok()?;
        let user: HelloUser = serde_json::from_str(reply.user.get()).ok()?;
        let Hello { guest, from, .. } = self.hello;
        let is_recovered = reply.resumed && reply.is_complete() && from.is_some();
        let (pid, answer, native_only) = match self.purpose {
            Purpose::Connect(auth) => {
                let pid = connected_pid(&auth, is_recovered, &reply, guest);
                (pid, None, auth.native_only)
            }
            Purpose::Authenticate(pid, answer) => (pid, Some(answer), false),
        };
        if is_recovered {
            figures.recovered.fetch_add(1, Relaxed);
        }
        match answer {
            None => out.message(packet::connected(&random_name(), &pid.encode())),
            Some(answer) => {
                let ok: &serde_json::value::RawValue = serde_json::from_str(ok).ok()?;
                let ack = json!({ "ok": ok, "username": user.name, "userId": user.id });
                answer.give(&ack.to_string(), out);
            }
        }
        let suffix = pid.offset_suffix(&reply.resumable());
        let parts = from.map(|Offset { parts, .. }| parts).unwrap_or_default();
        let mut live = Live::new(self.chat, user, native_only, suffix, parts, figures);
        live.begin(ok, &reply.rooms, out);
        Some(live)
    }
}

/// Returns the pid that CONNECT is answered with: the same one only if nothing was lost.
fn connected_pid(
    auth: &Auth,
    is_recovered: bool,
    reply: &HelloReply<'_>,
    guest: Option<String>,
) -> Pid {
    match &auth.pid {
        Some(pid) if is_recovered => pid.clone(),
        before => Pid::of_session(reply.resumable(), guest, before.as_ref()),
    }
}
