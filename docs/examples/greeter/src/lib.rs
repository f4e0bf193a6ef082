//! Greeter: welcomes whoever joins a public room.

use parlor::prelude::*;

/// Returns the extension.
pub fn extension() -> Extension {
    Extension::new("greeter").settings::<Settings>().follows(|cx| Greeter(cx.settings()))
}

#[derive(Debug, Clone)]
struct Settings {
    name: String,
    greeting: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: "greeter".to_owned(), greeting: "Welcome".to_owned() }
    }
}

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            value("name", "a name", |c: &mut Self| &mut c.name)
                .about("Name of the account that greets."),
            value("greeting", "a text", |c: &mut Self| &mut c.greeting)
                .about("What it says, before the name of whoever came."),
        ]
    }
}

struct Greeter(std::sync::Arc<Settings>);

impl Follower for Greeter {
    const FROM: StartFrom = StartFrom::Now;

    async fn act(&self, page: &Page, cx: &Cx) -> anyhow::Result<()> {
        if page.room.kind != Kind::Public {
            return Ok(());
        }
        for entry in page.entries.iter().filter(|entry| entry.change == Change::Joined) {
            match self.greet(&page.room.key, entry, cx).await {
                // The page comes again. A refusal, such as a ban, would stay one.
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

impl Greeter {
    /// Says it once, however often it is called for one entry: the message's cid is made of it.
    async fn greet(&self, room: &RoomKey, entry: &Entry, cx: &Cx) -> Result<(), Declined> {
        let caller = cx.account(&self.0.name).await?;
        if entry.author.id == caller.user.id {
            return Ok(());
        }
        let (room, reply_to) = (room.clone(), None);
        cx.ask(JoinRoom { caller: caller.clone(), room: room.clone() }).await?;
        let body = format!("{}, @{}!", self.0.greeting, entry.author.name);
        let cid = format!("greeter-{}", entry.id());
        cx.ask(SendMessage { caller, room, cid, body, reply_to }).await?;
        Ok(())
    }
}
