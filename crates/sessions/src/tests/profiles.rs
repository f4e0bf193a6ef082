//! Profiles and pictures.

use super::accounts::PASSWORD;
use super::recorder::Change;
use super::world::World;
use crate::Settings;
use crate::api::{
    Caller, DeleteAccount, PersonProfile, PictureKind, Profile, ProfileSet, ReadPicture,
    ReadProfiles, Refusal, SetPicture, SetProfile,
};

const GIF: &[u8] = b"GIF89a\x10\0\x10\0\0\0\0;";

impl World {
    async fn show(&self, who: &Caller, display: &str) -> Result<ProfileSet, Refusal> {
        self.ask(SetProfile {
            caller: who.clone(),
            connection: None,
            display: Some(display.to_owned()),
            colour: None,
            picture: None,
        })
        .await
    }

    async fn upload(&self, who: &Caller, bytes: &[u8]) -> Result<ProfileSet, Refusal> {
        let (caller, bytes) = (who.clone(), bytes.to_vec());
        self.ask(SetPicture { caller, bytes }).await
    }

    async fn profiles(&self, users: &[String]) -> Vec<PersonProfile> {
        let users = users.to_vec();
        self.ask(ReadProfiles { users }).await.unwrap()
    }

    async fn account(&self, name: &str) -> Caller {
        let (token, _) = self.register(name).await;
        self.token(&token).await.unwrap().1.caller
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_published_when_it_changes_and_not_when_it_does_not() {
    let world = World::new().await;
    let (_, alice) = world.guest("alice").await;
    let first = world.show(&alice.caller, "Alice").await.unwrap();
    let again = world.show(&alice.caller, " Alice ").await.unwrap();
    assert_eq!((first.dup, again.dup), (false, true));
    assert_eq!(first.person, again.person);
    let is_profile = |change: &Change| matches!(change, Change::ProfileChanged(_));
    let changes = world.changes();
    assert_eq!(
        changes.iter().filter(|change| is_profile(change)).count(),
        1
    );
    let blank = world.show(&alice.caller, "\u{200b}").await.unwrap();
    assert_eq!(blank.person.profile, Profile::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_has_a_profile_until_they_end() {
    let world = World::new().await;
    let (_, guest) = world.guest("alice").await;
    let bob = world.account("bob").await;
    world.show(&bob, "Bob").await.unwrap();
    let ids = [guest.caller.user.id, bob.user.id].map(|id| id.to_string());
    let found = world.profiles(&ids).await;
    assert_eq!(found.len(), 2, "also of those who show nothing");
    let password = PASSWORD.to_owned();
    let caller = bob.clone();
    world.ask(DeleteAccount { caller, password }).await.unwrap();
    let found = world.profiles(&ids).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].user, guest.caller.user);
    let ended = world.show(&bob, "still here").await;
    assert_eq!(ended, Err(Refusal::TokenInvalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_there_while_somebody_has_it() {
    let world = World::new().await;
    let (alice, bob) = (world.account("alice").await, world.account("bob").await);
    let set = world.upload(&alice, GIF).await.unwrap();
    let hash = set.person.profile.picture.unwrap().to_string();
    let read = || world.ask(ReadPicture { hash: hash.clone() });
    let picture = read().await.unwrap().unwrap();
    assert_eq!((picture.kind, &picture.bytes[..]), (PictureKind::Gif, GIF));
    assert!(world.upload(&alice, GIF).await.unwrap().dup);
    assert!(
        !world.upload(&bob, GIF).await.unwrap().dup,
        "their own copy"
    );
    let other = [GIF, b"more"].concat();
    world.upload(&alice, &other).await.unwrap();
    assert!(read().await.unwrap().is_some(), "bob has it");
    let password = PASSWORD.to_owned();
    world
        .ask(DeleteAccount {
            caller: bob,
            password,
        })
        .await
        .unwrap();
    assert_eq!(read().await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_limited_for_each_person() {
    let world = World::with(Settings {
        profile_changes: 2,
        ..Settings::default()
    })
    .await;
    let (_, alice) = world.guest("alice").await;
    let (_, bob) = world.guest("bob").await;
    for display in ["one", "two"] {
        assert!(world.show(&alice.caller, display).await.is_ok());
    }
    let limited = world.show(&alice.caller, "three").await;
    assert!(matches!(limited, Err(Refusal::RateLimited { .. })));
    assert!(world.show(&bob.caller, "one").await.is_ok());
}
