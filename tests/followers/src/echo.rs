//! Repeats what follows `echo ` in a message, once, whatever happens.

use parlor::prelude::*;

/// Returns the extension.
pub(crate) fn extension() -> Extension {
    Extension::new("echo").follows(|_| Echo)
}

struct Echo;

impl Follower for Echo {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn act(&self, page: &Page, cx: &Cx) -> anyhow::Result<()> {
        for entry in &page.entries {
            let Change::Message {
                body: Some(body), ..
            } = &entry.change
            else {
                continue;
            };
            let Some(text) = body.strip_prefix("echo ") else {
                continue;
            };
            match say(&page.room.key, entry, text, cx).await {
                Err(declined) if declined.is_temporary() => return Err(declined.into()),
                _ => {}
            }
        }
        Ok(())
    }

    async fn reset(&self, _tx: &mut Writer<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

async fn say(room: &RoomKey, entry: &Entry, text: &str, cx: &Cx) -> Result<(), Declined> {
    let caller = cx.account("echo").await?;
    let join = JoinRoom {
        caller: caller.clone(),
        room: room.clone(),
    };
    cx.ask(join).await?;
    let message = SendMessage {
        caller,
        room: room.clone(),
        cid: format!("echo-{}", entry.id()),
        body: text.to_owned(),
        reply_to: Some(entry.seq),
    };
    cx.ask(message).await?;
    Ok(())
}
