//! Replies to a connection's commands, each exactly once, and counts them.

use super::ConnectionTask;
use crate::commands::{Authenticated, CommandReply, Replay};
use crate::connection::{Close, Frame, FrameClass};
use crate::dispatch::note_outcome;
use crate::socket::pending_commands::{AbandonedCommand, RunningCommand};
use crate::wire::{DRAINING, Error, ErrorKind, OUTCOME_UNKNOWN, RATE_LIMITED, push, reply};
use tokio::time::Instant;

impl ConnectionTask {
    /// Replies to a completed command and to all others that are done by now, with one write.
    pub(super) fn complete_all(
        &mut self,
        completed: &RunningCommand,
        result: Result<CommandReply, Error>,
    ) {
        self.complete(completed, result);
        while let Some((completed, result)) = self.commands.next_completed() {
            self.complete(&completed, result);
        }
    }

    fn complete(&mut self, completed: &RunningCommand, result: Result<CommandReply, Error>) {
        let error = match &result {
            Ok(CommandReply::ThenClose(result, _)) => result.as_ref().err(),
            result => result.as_ref().err(),
        };
        note_outcome(&completed.span, error);
        self.answered(completed.op.number, completed.since, error);
        let id = completed.id;
        match result {
            Ok(CommandReply::Body(body)) => self.reply(reply::ok(id, &body.0)),
            Ok(CommandReply::Sent) => {}
            Ok(CommandReply::CatchUp(room, cursor)) => self
                .replay
                .get_or_insert_with(|| Replay::new(Vec::new(), false))
                .add(room, cursor),
            Ok(CommandReply::Authenticated(authenticated)) => self.authenticated(*authenticated),
            Ok(CommandReply::ThenClose(result, close)) => {
                match result {
                    Ok(body) => self.reply(reply::ok(id, &body.0)),
                    Err(error) => self.refuse(Some(id), &error),
                }
                self.conn.close(close);
            }
            Err(error) => self.refuse(Some(id), &error),
        }
    }

    fn authenticated(&mut self, authenticated: Authenticated) {
        let shared = &self.shared;
        let user = authenticated.caller.user.id;
        self.bucket = shared.buckets.for_user(user, &shared.limits);
        self.caller = Some(authenticated.caller);
        self.deadlines
            .authenticated(Instant::now(), authenticated.expires_at);
        self.replay = self.replay.take().or(authenticated.replay);
    }

    /// Counts a command that has, or is about to have, its reply.
    fn answered(&self, op: usize, since: Instant, error: Option<&Error>) {
        let shared = &self.shared;
        shared.sockets.commands_answered(1);
        shared.metrics.commands.ended(op, error, since.elapsed());
    }

    pub(super) fn refuse_bad(&mut self, id: Option<u64>, op: Option<&'static str>, error: Error) {
        let error = match self.bucket.charge_malformed(self.limits()) {
            Ok(()) => error,
            Err(empty) => empty,
        };
        self.shared.metrics.commands.refused(op, &error);
        self.refuse(id, &error);
    }

    pub(super) fn abandon(&mut self, abandoned: &AbandonedCommand, kind: &'static ErrorKind) {
        let error = Error::new(kind).traced(abandoned.trace);
        note_outcome(&abandoned.span, Some(&error));
        self.answered(abandoned.op.number, abandoned.since, Some(&error));
        self.refuse(Some(abandoned.id), &error);
    }

    /// Says goodbye if the server has asked for it.
    pub(super) fn say_goodbye(&mut self) {
        let Some(reconnect_after_ms) = self.conn.goodbye() else {
            return;
        };
        for abandoned in self.commands.abandon() {
            let kind = if abandoned.outcome_unknown {
                &OUTCOME_UNKNOWN
            } else {
                &DRAINING
            };
            self.abandon(&abandoned, kind);
        }
        let bye = Frame::json(&push::bye("restart", reconnect_after_ms));
        self.conn.enqueue(bye, FrameClass::Push);
        self.conn.close(Close::RESTART);
    }

    fn refuse(&mut self, id: Option<u64>, error: &Error) {
        self.reply(reply::err(id, error));
        if error.kind == &RATE_LIMITED {
            self.note_refusal();
        }
    }

    pub(super) fn note_refusal(&mut self) {
        let max = self.limits().refusals_max;
        if self.flood.record(Instant::now(), max) {
            self.conn.close(Close::FLOOD);
        }
    }

    fn reply(&mut self, frame: Frame) {
        self.conn.enqueue(frame, FrameClass::Reply);
    }
}
