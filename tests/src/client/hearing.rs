//! Checks each received frame against the protocol.

use super::{Client, Closed};
use crate::refusal::Refusal;
use crate::shape;
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message};

impl Client {
    pub(super) fn got(&mut self, message: Option<Result<Message, Error>>) {
        match message {
            Some(Ok(Message::Text(text))) => self.got_text(&text),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.as_ref().map(|frame| u16::from(frame.code));
                let reason = frame
                    .map(|frame| frame.reason.to_string())
                    .unwrap_or_default();
                self.note(format!("< close {code:?} {reason}"));
                self.closed.get_or_insert(Closed { code, reason });
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => self.fail(&format!("a frame that is not text: {other:?}")),
            Some(Err(why)) => {
                self.note(format!("< broken: {why}"));
                self.closed.get_or_insert(Closed {
                    code: None,
                    reason: why.to_string(),
                });
            }
            None => {
                self.note("< the end".to_owned());
                self.closed.get_or_insert(Closed {
                    code: None,
                    reason: String::new(),
                });
            }
        }
    }

    fn got_text(&mut self, text: &str) {
        self.note(format!("< {text}"));
        let frame: Value = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(why) => self.fail(&format!("a frame that is not JSON: {why}")),
        };
        let judged = if frame.get("ev").is_some() {
            self.got_push(frame)
        } else {
            self.got_reply(&frame)
        };
        if let Err(why) = judged {
            self.fail(&why);
        }
    }

    fn got_push(&mut self, frame: Value) -> Result<(), String> {
        if frame.get("id").is_some() {
            return Err("a push has no id".to_owned());
        }
        shape::push(&frame)?;
        let event = frame["ev"].as_str().unwrap_or_default();
        let room = frame["room"].as_str().unwrap_or_default();
        self.ledger.pushed(event, room, &frame["d"])?;
        if event == "entry" {
            self.seen_entries.saw(room, &frame["d"])?;
        }
        self.pushes.push_back(frame);
        Ok(())
    }

    fn got_reply(&mut self, frame: &Value) -> Result<(), String> {
        let answer = match (frame.get("ok"), frame.get("err")) {
            (Some(ok), None) => Ok(ok.clone()),
            (None, Some(err)) => Err(Refusal::read(err)?),
            _ => return Err("a reply has either ok or err".to_owned()),
        };
        let Some(id) = frame["id"].as_u64() else {
            return match answer {
                Err(refusal) if frame["id"].is_null() => {
                    self.strays.push_back(refusal);
                    Ok(())
                }
                _ => Err("only an err may have the id null".to_owned()),
            };
        };
        let Some(asked) = self.unanswered.remove(&id) else {
            return Err(format!("a second reply, or one to no command: {id}"));
        };
        if asked.op == "send" {
            self.slowest_send = self.slowest_send.max(asked.at.elapsed());
        }
        if let Ok(ok) = &answer {
            self.judge_ok(&asked.op, &asked.d, ok)?;
        }
        self.replies.insert(id, answer);
        Ok(())
    }

    fn judge_ok(&mut self, op: &str, asked: &Value, ok: &Value) -> Result<(), String> {
        shape::reply(op, ok)?;
        self.ledger.answered(op, asked, ok)?;
        if matches!(op, "join" | "log") {
            ascending(&ok["entries"], "seq")?;
            self.saw(asked["room"].as_str().unwrap_or_default(), &ok["entries"]);
        }
        if op == "history" {
            ascending(&ok["messages"], "seq")?;
        }
        Ok(())
    }
}

fn ascending(list: &Value, field: &str) -> Result<(), String> {
    let numbers: Vec<i64> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one[field].as_i64())
        .collect();
    if numbers.is_sorted_by(|a, b| a < b) {
        Ok(())
    } else {
        Err(format!("not ascending: {list}"))
    }
}
