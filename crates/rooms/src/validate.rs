//! Validating and normalising commands before they become jobs.

use crate::Deps;
use crate::api::text::{self, Rule};
use crate::api::{CreateLink, CreateRoom, History, Kind, Refusal, RoomKey, UpdateRoom};
use crate::jobs::{CreateJob, CreateLinkJob, UpdateJob};

const KEY_MAX: usize = 32;

const TITLE: Rule = Rule {
    field: "title",
    chars_max: 100,
    bytes_max: 400,
    lines: false,
    empty: false,
};

const TOPIC: Rule = Rule {
    field: "topic",
    chars_max: 500,
    bytes_max: 2_000,
    lines: true,
    empty: true,
};

const REASON: Rule = Rule {
    field: "reason",
    chars_max: 500,
    bytes_max: 2_000,
    lines: true,
    empty: true,
};

/// Validates `room.create`. Refuses guests.
pub(crate) fn create(request: CreateRoom, deps: &Deps) -> Result<CreateJob, Refusal> {
    let creator = request.caller.user;
    if creator.guest {
        return Err(Refusal::NotAllowedForGuests);
    }
    let (key, title, cid, history) = match request.kind {
        Kind::Public => (key(&request.name)?, request.name, None, History::All),
        Kind::Private => (
            deps.new_key(),
            text::check(
                request.name.trim(),
                Rule {
                    field: "name",
                    ..TITLE
                },
            )?,
            valid_cid(request.cid)?,
            History::SinceJoin,
        ),
        Kind::Direct => return Err(public_or_private()),
    };
    Ok(CreateJob {
        creator,
        key,
        kind: request.kind,
        title,
        topic: text::check(request.topic.unwrap_or_default().trim(), TOPIC)?,
        history: request.history.unwrap_or(history),
        cid,
        rooms_max: deps.settings.rooms_max,
        quotas: deps.settings.quotas.clone(),
        at: deps.clock.wall_ms(),
    })
}

fn valid_cid(cid: Option<String>) -> Result<Option<String>, Refusal> {
    cid.as_deref().map(text::cid).transpose()?;
    Ok(cid)
}

/// Validates `room.update`: kind, title and topic.
pub(crate) fn update(request: UpdateRoom, at: i64) -> Result<UpdateJob, Refusal> {
    if request.kind == Some(Kind::Direct) {
        return Err(public_or_private());
    }
    let checked = |text: Option<String>, rule| {
        let text = text.map(|text| text::check(text.trim(), rule));
        text.transpose()
    };
    Ok(UpdateJob {
        actor: request.caller.user,
        room: request.room,
        title: checked(request.title, TITLE)?,
        topic: checked(request.topic, TOPIC)?,
        history: request.history,
        kind: request.kind,
        at,
    })
}

/// Validates `link.create`, and makes what is random in the link.
pub(crate) fn link(request: CreateLink, deps: &Deps) -> Result<CreateLinkJob, Refusal> {
    text::cid(&request.cid)?;
    if request
        .uses
        .is_some_and(|uses| !(1..=CreateLink::USES_MAX).contains(&uses))
    {
        return Err(Refusal::BadRequest {
            field: "uses",
            expected: "must be a whole number from 1 to 10000",
        });
    }
    Ok(CreateLinkJob {
        maker: request.caller.user,
        room: request.room,
        cid: request.cid,
        uses: request.uses,
        until_ms: request.until_ms,
        seed: deps.new_link(),
        links_max: deps.settings.quotas.links_max,
        at: deps.clock.wall_ms(),
    })
}

/// Validates a reason; a blank one becomes `None`.
pub(crate) fn reason(reason: Option<String>) -> Result<Option<String>, Refusal> {
    let reason = reason
        .map(|reason| text::check(reason.trim(), REASON))
        .transpose()?;
    Ok(reason.filter(|reason| !reason.is_empty()))
}

fn public_or_private() -> Refusal {
    Refusal::BadRequest {
        field: "kind",
        expected: "must be public or private",
    }
}

/// Validates a public room's key: 1–32 of `a-z 0-9 - _ .`, the first and last a letter or digit.
fn key(name: &str) -> Result<RoomKey, Refusal> {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed = |byte: u8| alphanumeric(byte) || b"-_.".contains(&byte);
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    let valid = bytes.len() <= KEY_MAX
        && bytes.iter().copied().all(allowed)
        && ends
            .into_iter()
            .all(|end| end.copied().is_some_and(alphanumeric));
    if !valid {
        return Err(Refusal::BadRequest {
            field: "name",
            expected: "must have 1 to 32 of a-z 0-9 - _ . and a letter or digit at both ends",
        });
    }
    Ok(RoomKey(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_few_characters() {
        for name in ["a", "general", "a-b_c.d", "0", &"x".repeat(32)] {
            assert!(key(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "-a",
            "a.",
            "A",
            "ä",
            "a b",
            "~a",
            "a\0",
            &"x".repeat(33),
        ] {
            let refused = key(name).expect_err(name);
            assert!(
                matches!(refused, Refusal::BadRequest { field: "name", .. }),
                "{name}"
            );
        }
    }

    #[test]
    fn an_empty_reason_is_none() {
        for blank in ["", "  ", "\u{200b}", "\u{2060} \u{3164}"] {
            assert_eq!(reason(Some(blank.to_owned())), Ok(None), "{blank:?}");
        }
        assert_eq!(
            reason(Some(" spam ".to_owned())),
            Ok(Some("spam".to_owned()))
        );
        assert!(reason(Some("\u{7}".to_owned())).is_err());
    }
}
