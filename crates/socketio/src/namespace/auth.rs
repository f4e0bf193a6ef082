//! How a client proves who it is, and which `hello`s follow from that.

use crate::offset::Offset;
use crate::pid::Pid;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The events with which a client authenticates after CONNECT.
pub(super) fn is_authentication(event: &str) -> bool {
    matches!(event, "authenticate" | "hello")
}

/// What a client gives in CONNECT, or with `authenticate`.
#[derive(Debug, Default)]
pub(super) struct Auth {
    pub(super) proof: Option<AuthProof>,
    pub(super) pid: Option<Pid>,
    offset: Option<(Offset, Option<String>)>,
    /// It wants no events of other names than those of docs/protocol.md.
    pub(super) native_only: bool,
}

/// Who a client says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AuthProof {
    Guest(String),
    Token(String),
    Jwt(String, Option<String>),
}

/// One `hello` to be tried.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) d: Value,
    /// The name, if it asks for a guest's.
    pub(super) guest: Option<String>,
    /// From where it continues, if it does.
    pub(super) from: Option<Offset>,
}

impl Auth {
    /// Reads it; what has another shape counts as absent.
    pub(super) fn read(json: Option<&str>) -> Self {
        let given = json.and_then(|json| serde_json::from_str(json).ok());
        let given: Map<String, Value> = given.unwrap_or_default();
        let text = |key: &str| {
            let text = given.get(key)?.as_str()?;
            Some(text.to_owned()).filter(|text| !text.is_empty())
        };
        let proof = match (text("jwt"), text("token")) {
            (Some(jwt), token) => Some(AuthProof::Jwt(jwt, token)),
            (None, Some(token)) => Some(AuthProof::Token(token)),
            (None, None) => text("guest")
                .or_else(|| text("username"))
                .map(AuthProof::Guest),
        };
        let offset = text("offset").and_then(|text| {
            let (offset, suffix) = Offset::read(&text)?;
            Some((offset, suffix.map(str::to_owned)))
        });
        Self {
            proof,
            pid: text("pid").and_then(|text| Pid::read(&text)),
            offset,
            native_only: text("events").as_deref() == Some("native"),
        }
    }

    /// Returns what is tried in turn: to come back with the pid, then to begin anew.
    pub(super) fn attempts(&self) -> VecDeque<Hello> {
        let anew = self.anew(self.pid.as_ref());
        self.recovery().into_iter().chain(anew).collect()
    }

    /// Returns what is tried by `authenticate`.
    pub(super) fn first_time(&self, pid: &Pid) -> VecDeque<Hello> {
        self.anew(Some(pid)).into_iter().collect()
    }

    fn recovery(&self) -> Option<Hello> {
        let pid = self.pid.as_ref()?;
        let suffix = self
            .offset
            .as_ref()
            .and_then(|(_, suffix)| suffix.as_deref());
        let resumable = pid.resumable(suffix)?;
        let is_same = match &self.proof {
            // The pid of one person must not sign in another one who now uses the page.
            Some(AuthProof::Guest(name)) => pid.guest.as_ref() == Some(name),
            Some(AuthProof::Token(token) | AuthProof::Jwt(_, Some(token))) => {
                *token == resumable.token
            }
            Some(AuthProof::Jwt(_, None)) | None => true,
        };
        if !is_same {
            return None;
        }
        let mut d = hello(Some(pid));
        d["token"] = resumable.token.into();
        if let Some(AuthProof::Jwt(jwt, _)) = &self.proof {
            d["jwt"] = jwt.as_str().into();
        }
        let from = self.offset.as_ref().map(|(offset, _)| offset.clone());
        d["epoch"] = resumable.epoch.into();
        if let Some(offset) = &from {
            d["cursors"] = json!(offset.cursors);
        }
        Some(Hello {
            d,
            guest: pid.guest.clone(),
            from,
        })
    }

    fn anew(&self, pid: Option<&Pid>) -> Option<Hello> {
        let mut d = hello(pid);
        let mut guest = None;
        match self.proof.clone()? {
            AuthProof::Guest(name) => {
                d["guest"] = name.as_str().into();
                guest = Some(name);
            }
            AuthProof::Token(token) => d["token"] = token.into(),
            AuthProof::Jwt(jwt, token) => {
                d["jwt"] = jwt.into();
                if let Some(token) = token {
                    d["token"] = token.into();
                }
            }
        }
        Some(Hello {
            d,
            guest,
            from: None,
        })
    }
}

fn hello(pid: Option<&Pid>) -> Value {
    let tab = pid.map_or_else(crate::pid::random_name, |pid| pid.tab.clone());
    json!({ "subscribe": "all", "client": "socket.io", "tab": tab })
}
