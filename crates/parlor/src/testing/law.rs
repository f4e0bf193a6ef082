//! The law of snapshots: state that was followed, with lag, crashes and restarts, equals state built
//! anew from the logs.

use super::server::TestServer;
use extension::Extension;

/// Rounds of chat, each with another fault.
const ROUNDS: usize = 6;

/// Room that a part of the chat is in.
const ROOM: &str = "lounge";

/// Checks that what an extension makes of the logs depends on the logs alone: a chat goes on through
/// lag, panics, kills and stops; then the extension's database is lost, and what it builds anew must
/// equal what it had.
///
/// It holds for followers that begin at the beginning, on logs without deletions and retention.
#[must_use = "it is checked by `holds`"]
pub struct LawOfSnapshots {
    make: Box<dyn Fn() -> Extension + Send + Sync>,
    texts: Vec<String>,
    except: Vec<String>,
}

impl LawOfSnapshots {
    /// Begins with the extension that is to be checked.
    pub fn of(make: impl Fn() -> Extension + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            texts: vec!["hello @alice and @bob".to_owned()],
            except: Vec::new(),
        }
    }

    /// Has people say these texts too: those that the extension looks for.
    pub fn saying(mut self, texts: &[&str]) -> Self {
        self.texts
            .extend(texts.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Leaves out tables of what is not in the logs.
    pub fn except(mut self, tables: &[&str]) -> Self {
        self.except
            .extend(tables.iter().map(|table| (*table).to_owned()));
        self
    }

    /// Checks it.
    ///
    /// # Panics
    /// If it does not hold: with the rows that differ.
    pub async fn holds(self) {
        let Self {
            make,
            texts,
            except,
        } = self;
        let name = make().name();
        let mut server = TestServer::start(make).await;
        let (mut alice, mut bob) = (server.account("alice").await, server.account("bob").await);
        for round in 0..ROUNDS {
            alice = server.resume(&alice).await;
            bob = server.resume(&bob).await;
            for person in [&mut alice, &mut bob] {
                person.join("general").await;
                person.join(ROOM).await;
            }
            if round % 2 == 1 {
                server.hold();
            }
            for text in &texts {
                let seq = alice.say(ROOM, text).await;
                bob.say("general", text).await;
                let reaction = serde_json::json!({
                    "room": ROOM, "target": seq, "emoji": "👍", "on": true
                });
                bob.ok("react", reaction).await;
                if round == 2 {
                    server.panic_once();
                }
            }
            server.go_on();
            match round {
                0 | 3 => server.crash().await,
                4 => {
                    server.stop().await;
                    server.start_again().await;
                }
                _ => {}
            }
        }
        server.caught_up(name).await;
        let followed = server.snapshot(name).await.without(&except);
        server.stop().await;
        server.lose_database(name).await;
        server.start_again().await;
        server.caught_up(name).await;
        let built_anew = server.snapshot(name).await.without(&except);
        server.stop().await;
        assert!(
            followed == built_anew,
            "what {name} had (-) is not what it builds anew (+):\n{}",
            followed.difference(&built_anew)
        );
        assert!(
            !followed.is_empty(),
            "{name} made nothing of the chat: have people say what it looks for"
        );
    }
}
