//! What a connection's commands come to: each one reply, counted, and the end that some bring.

use super::Task;
use crate::connection::{Class, Close, Frame};
use crate::dispatch::{Answer, Opened, Replay, note_outcome};
use crate::socket::flights::{Abandoned, Running};
use crate::wire::{DRAINING, Error, ErrorKind, OUTCOME_UNKNOWN, Op, RATE_LIMITED, push, reply};
use tokio::time::Instant;

impl Task {
    /// Lands one command and all others that are done by now: one write for all their replies.
    pub(super) fn land_all(&mut self, landed: &Running, result: Result<Answer, Error>) {
        self.land(landed, result);
        while let Some((landed, result)) = self.flights.landed() {
            self.land(&landed, result);
        }
    }

    fn land(&mut self, landed: &Running, result: Result<Answer, Error>) {
        let error = match &result {
            Ok(Answer::Last(result, _)) => result.as_ref().err(),
            result => result.as_ref().err(),
        };
        note_outcome(&landed.span, error);
        self.answered(landed.op, landed.since, error);
        let id = landed.id;
        match result {
            Ok(Answer::Body(body)) => self.reply(reply::ok(id, &body.0)),
            Ok(Answer::Written) => {}
            Ok(Answer::Behind(room, cursor)) => self
                .replay
                .get_or_insert_with(|| Replay::new(Vec::new(), false))
                .add(room, cursor),
            Ok(Answer::Opened(opened)) => self.opened(*opened),
            Ok(Answer::Last(result, close)) => {
                match result {
                    Ok(body) => self.reply(reply::ok(id, &body.0)),
                    Err(error) => self.refuse(Some(id), &error),
                }
                self.conn.close(close);
            }
            Err(error) => self.refuse(Some(id), &error),
        }
    }

    fn opened(&mut self, opened: Opened) {
        let shared = &self.shared;
        let user = opened.caller.user.id;
        self.bucket = shared.buckets.of_user(user, &shared.limits);
        self.caller = Some(opened.caller);
        self.clock.opened(Instant::now(), opened.expires_at);
        self.replay = self.replay.take().or(opened.replay);
    }

    /// A command has its reply, or is about to.
    fn answered(&self, op: &'static Op, since: Instant, error: Option<&Error>) {
        let shared = &self.shared;
        shared.sockets.answered(1);
        shared.metrics.commands.ended(op, error, since.elapsed());
    }

    pub(super) fn refuse_bad(&mut self, id: Option<u64>, op: Option<&'static Op>, error: Error) {
        let error = match self.bucket.pay_bad(self.limits()) {
            Ok(()) => error,
            Err(empty) => empty,
        };
        self.shared.metrics.commands.refused(op, &error);
        self.refuse(id, &error);
    }

    pub(super) fn abandon(&mut self, abandoned: &Abandoned, kind: &'static ErrorKind) {
        let error = Error::new(kind).traced(abandoned.trace);
        note_outcome(&abandoned.span, Some(&error));
        self.answered(abandoned.op, abandoned.since, Some(&error));
        self.refuse(Some(abandoned.id), &error);
    }

    /// The server stops and this socket's turn has come.
    pub(super) fn say_goodbye(&mut self) {
        let Some(reconnect_after_ms) = self.conn.goodbye() else {
            return;
        };
        for abandoned in self.flights.abandon() {
            let kind = if abandoned.open {
                &OUTCOME_UNKNOWN
            } else {
                &DRAINING
            };
            self.abandon(&abandoned, kind);
        }
        let bye = Frame::json(&push::bye("restart", reconnect_after_ms));
        self.conn.put(bye, Class::Push);
        self.conn.close(Close::RESTART);
    }

    fn refuse(&mut self, id: Option<u64>, error: &Error) {
        self.reply(reply::err(id, error));
        if error.kind == &RATE_LIMITED {
            self.refused();
        }
    }

    pub(super) fn refused(&mut self) {
        let max = self.limits().refusals_max;
        if self.flood.refused(Instant::now(), max) {
            self.conn.close(Close::FLOOD);
        }
    }

    fn reply(&mut self, frame: Frame) {
        self.conn.put(frame, Class::Reply);
    }
}
