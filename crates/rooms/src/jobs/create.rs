//! `room.create`: creates a public or private room.

use super::{Outcome, person, quotas, refuse};
use crate::api::{Change, Created, Done, History, Kind, Refusal, Role, RoomKey, Seq};
use crate::log_writer::{Staged, fingerprint};
use crate::settings::Quotas;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use anyhow::Context as _;
use sessions::api::User;
use storage::prelude::*;

/// Creates a public or private room. Its texts and its key have been validated.
pub(crate) struct CreateJob {
    pub(crate) creator: User,
    /// The chosen key of a public room, or a newly generated one for a private room.
    pub(crate) key: RoomKey,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) topic: String,
    pub(crate) history: History,
    /// Identifies a repeated creation of a private room.
    pub(crate) cid: Option<String>,
    pub(crate) rooms_max: usize,
    pub(crate) quotas: Quotas,
    pub(crate) at: i64,
}

impl Job for CreateJob {
    const NAME: &'static str = "rooms.create";
    const LOCKS: bool = true;
    type Answer = Created;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.key.lane()
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![person::lock(self.creator.id)])
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Created> {
        if let Some(created) = self.repeat(tx).await? {
            return Ok(created);
        }
        person::must_be_below_rooms_max(tx, self.creator.id, self.rooms_max).await?;
        person::must_exist(tx, self.creator.id).await?;
        quotas::check_new_room(tx, &self.quotas, self.creator.id, self.at).await?;
        if !rooms::insert(tx, &self.new_room()).await? {
            // Another lane created it at the same moment.
            let created = self.repeat(tx).await?;
            return Ok(created
                .context("cannot find an existing room")
                .map_err(Fault::from)?);
        }
        let room = rooms::find(tx, &self.key).await?;
        let mut room = room
            .context("cannot find the new room")
            .map_err(Fault::from)?;
        self.add_creator(tx, &mut room).await?;
        let role = Some(Role::Owner);
        Ok(self.created(
            &room,
            role,
            Done {
                seq: room.head,
                dup: false,
            },
        ))
    }
}

impl CreateJob {
    fn new_room(&self) -> rooms::NewRoom<'_> {
        rooms::NewRoom {
            key: &self.key,
            title: &self.title,
            topic: &self.topic,
            kind: self.kind,
            history: self.history,
            pair: None,
            creator: Some(self.creator.id),
            cid: self.cid.as_deref(),
            made_of: Some(self.fingerprint()),
            at: self.at,
        }
    }

    async fn add_creator(&self, tx: &mut Writer<'_>, room: &mut Room) -> Result<(), Fault> {
        let mut staged = Staged::default();
        let joined_seq = staged.add(room, &self.creator, self.at, Change::Joined);
        let owner = MemberRecord {
            role: Role::Owner,
            joined_seq,
            muted_until: None,
            answered: true,
        };
        members::insert(tx, room.info.id, &self.creator, owner).await?;
        staged.write(tx).await
    }

    async fn repeat(&self, tx: &mut Writer<'_>) -> Outcome<Option<Created>> {
        match (self.kind, &self.cid) {
            (Kind::Public, _) => self.same_key(tx).await,
            (_, Some(cid)) => self.same_cid(tx, cid).await,
            (_, None) => Ok(None),
        }
    }

    /// Recognises a repeat for a public room: the caller created and owns the room with this key, and
    /// it has the same properties. Refuses any other existing room.
    async fn same_key(&self, tx: &mut Writer<'_>) -> Outcome<Option<Created>> {
        let Some(room) = rooms::find(tx, &self.key).await? else {
            return Ok(None);
        };
        let member = members::find(tx, room.info.id, self.creator.id).await?;
        let owned = member.is_some_and(|member| member.role == Role::Owner);
        let mine = owned && room.creator == Some(self.creator.id);
        let info = &room.info;
        let same = (info.kind, info.history, &*info.title, &*info.topic)
            == (self.kind, self.history, &*self.title, &*self.topic);
        if !mine || !same {
            let suggest = suggest_key(tx, &self.key).await?;
            return Err(refuse(Refusal::NameTaken { suggest }));
        }
        let seq = room.settled;
        Ok(Some(self.created(
            &room,
            Some(Role::Owner),
            Done { seq, dup: true },
        )))
    }

    /// Recognises a repeat for a private room by its `cid`, however the room has changed since.
    async fn same_cid(&self, tx: &mut Writer<'_>, cid: &str) -> Outcome<Option<Created>> {
        let Some((room, made_of)) = rooms::find_by_cid(tx, self.creator.id, cid).await? else {
            return Ok(None);
        };
        if made_of != self.fingerprint() {
            return Err(refuse(Refusal::CidConflict));
        }
        let Some(member) = members::find(tx, room.info.id, self.creator.id).await? else {
            return Err(refuse(Refusal::NoSuchRoom));
        };
        let seq: Seq = 1;
        Ok(Some(self.created(
            &room,
            Some(member.role),
            Done { seq, dup: true },
        )))
    }

    fn created(&self, room: &Room, role: Option<Role>, done: Done) -> Created {
        Created {
            card: room.info.card(self.creator.id, role),
            done,
        }
    }

    /// Returns a fingerprint of the requested properties.
    fn fingerprint(&self) -> [u8; 16] {
        let requested = (self.kind, self.history, &self.title, &self.topic);
        fingerprint::of(&format!("{requested:?}"), None)
    }
}

/// Returns the first free key among `<key>-2` to `<key>-9`.
async fn suggest_key(tx: &mut Writer<'_>, key: &RoomKey) -> Result<Option<String>, Fault> {
    const KEY_MAX: usize = 32;
    let like = |n: u32| format!("{}-{n}", key.0);
    let keys: Vec<String> = (2..10)
        .map(like)
        .filter(|key| key.len() <= KEY_MAX)
        .collect();
    let taken = rooms::taken_keys(tx, &keys).await?;
    Ok(keys.into_iter().find(|key| !taken.contains(key)))
}
